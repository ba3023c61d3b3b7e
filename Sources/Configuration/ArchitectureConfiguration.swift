import MultiTask
import Yams

extension Architecture {
    private static let options = [
        "hard-sharing": [],
        "cross-stitch": ["own"],
        "mmoe": ["experts"],
        "cgc": ["experts", "taskExperts"],
        "ple": ["experts", "taskExperts"],
        "mtan": [],
        "dselect-k": ["experts", "selected", "gamma", "entropy"],
        "learning-to-branch": ["temperature", "finalTemperature", "annealingSteps", "straightThrough"],
        "soft-sharing": ["strength"],
    ]

    init(_ value: ConfigurationValue) throws(ConfigurationError) {
        let (name, options) = try value.choice(
            of: "architecture", names: Architecture.names, options: Architecture.options)
        switch name {
        case "cross-stitch":
            let own: Float? = try options["own"]?.number("a number from 0 to 1") { $0 >= 0 && $0 <= 1 }
            self = .crossStitch(own.map(CrossStitch.init(own:)) ?? CrossStitch())
        case "mmoe": self = .mmoe(MMoE(experts: try options.experts(default: MMoE().experts)))
        case "cgc":
            self = .cgc(
                CGC(
                    experts: try options.experts(default: CGC().experts),
                    taskExperts: try options.taskExperts(default: CGC().taskExperts)))
        case "ple":
            self = .ple(
                PLE(
                    experts: try options.experts(default: PLE().experts),
                    taskExperts: try options.taskExperts(default: PLE().taskExperts)))
        case "mtan": self = .mtan
        case "dselect-k": self = .dselectK(try DSelectK(options))
        case "learning-to-branch":
            let standard = LearningToBranch()
            self = .learningToBranch(
                LearningToBranch(
                    temperature: try options["temperature"]?.positive() ?? standard.temperature,
                    finalTemperature: try options["finalTemperature"]?.positive() ?? standard.finalTemperature,
                    annealingSteps: try options["annealingSteps"]?.integer(atLeast: 1) ?? standard.annealingSteps,
                    straightThrough: try options["straightThrough"]?.boolean() ?? standard.straightThrough))
        case "soft-sharing":
            self = .softSharing(
                SoftSharing(strength: try options["strength"]?.nonNegative() ?? SoftSharing().strength))
        default: self = .hardSharing
        }
    }

    var node: Node {
        let options: [(String, Node)] =
            switch self {
            case .hardSharing, .mtan: []
            case .crossStitch(let options): [("own", .number(options.own))]
            case .mmoe(let options): [("experts", .number(options.experts))]
            case .cgc(let options):
                [("experts", .number(options.experts)), ("taskExperts", .number(options.taskExperts))]
            case .ple(let options):
                [("experts", .number(options.experts)), ("taskExperts", .number(options.taskExperts))]
            case .dselectK(let options):
                [
                    ("experts", .number(options.experts)), ("selected", .number(options.selected)),
                    ("gamma", .number(options.gamma)), ("entropy", .number(options.entropy)),
                ]
            case .learningToBranch(let options):
                [
                    ("temperature", .number(options.temperature)),
                    ("finalTemperature", .number(options.finalTemperature)),
                    ("annealingSteps", .number(options.annealingSteps)),
                    ("straightThrough", .boolean(options.straightThrough)),
                ]
            case .softSharing(let options): [("strength", .number(options.strength))]
            }
        return .keys([("name", .text(name))] + options)
    }
}

extension DSelectK {
    fileprivate init(_ options: ConfigurationMapping) throws(ConfigurationError) {
        let standard = DSelectK()
        let experts = try options.experts(default: standard.experts, atLeast: 2)
        self.init(
            experts: experts,
            selected: try options["selected"]?.integer(atLeast: 1, atMost: experts) ?? min(standard.selected, experts),
            gamma: try options["gamma"]?.positive() ?? standard.gamma,
            entropy: try options["entropy"]?.nonNegative() ?? standard.entropy)
    }
}

extension ConfigurationMapping {
    /// More would exhaust the memory before anything trains.
    private static let maximumExperts = 1024

    fileprivate func experts(default standard: Int, atLeast minimum: Int = 1) throws(ConfigurationError) -> Int {
        try self["experts"]?.integer(atLeast: minimum, atMost: ConfigurationMapping.maximumExperts) ?? standard
    }

    fileprivate func taskExperts(default standard: Int) throws(ConfigurationError) -> Int {
        try self["taskExperts"]?.integer(atLeast: 0, atMost: ConfigurationMapping.maximumExperts) ?? standard
    }
}
