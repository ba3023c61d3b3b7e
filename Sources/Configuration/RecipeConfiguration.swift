import Transfer
import Yams

extension Recipe {
    /// Reads a name, or `{name: fine-tune, freezeEpochs: 1, ratio: 100, share: 0.3, division: 5}`.
    init(_ value: ConfigurationValue) throws(ConfigurationError) {
        let (name, options) = try value.choice(
            of: "recipe", names: Recipe.names,
            options: [
                "fine-tune": ["freezeEpochs", "ratio", "share", "division"], "linear-probe": ["cache"],
                "gradual-unfreezing": ["epochsPerGroup"],
            ])
        switch name {
        case "linear-probe": self = .linearProbe(cachesFeatures: try options["cache"]?.boolean() ?? true)
        case "fine-tune":
            let standard = FineTune()
            let atLeastOne = "a number of at least 1"
            self = .fineTune(
                FineTune(
                    freezeEpochs: try options["freezeEpochs"]?.integer(atLeast: 0) ?? standard.freezeEpochs,
                    ratio: try options["ratio"]?.number(atLeastOne) { $0 >= 1 } ?? standard.ratio,
                    share: try options["share"]?.number("a number above 0 and below 1") { $0 > 0 && $0 < 1 }
                        ?? standard.share,
                    division: try options["division"]?.number(atLeastOne) { $0 >= 1 } ?? standard.division))
        case "gradual-unfreezing":
            self = .gradualUnfreezing(epochsPerGroup: try options["epochsPerGroup"]?.integer(atLeast: 1) ?? 1)
        default: self = .full
        }
    }

    var node: Node {
        let options: [(String, Node)] =
            switch self {
            case .full: []
            case .linearProbe(let caches): [("cache", .boolean(caches))]
            case .fineTune(let options):
                [
                    ("freezeEpochs", .number(options.freezeEpochs)), ("ratio", .number(options.ratio)),
                    ("share", .number(options.share)), ("division", .number(options.division)),
                ]
            case .gradualUnfreezing(let epochs): [("epochsPerGroup", .number(epochs))]
            }
        return .keys([("name", .text(name))] + options)
    }

    /// Whether the recipe has cycles of its own in place of the run's schedule.
    var hasOwnSchedule: Bool { if case .fineTune = self { true } else { false } }
}

extension LayerRates {
    /// Reads `{decay: 0.75}` or `{ratio: 100}`.
    init(_ value: ConfigurationValue) throws(ConfigurationError) {
        let values = try value.mapping(keys: ["decay", "ratio"])
        switch (values["decay"], values["ratio"]) {
        case (let decay?, nil): self = .decay(try decay.number("a number above 0 and up to 1") { $0 > 0 && $0 <= 1 })
        case (nil, let ratio?): self = .ratio(try ratio.number("a number of at least 1") { $0 >= 1 })
        default: throw value.unexpected("either decay or ratio, such as {decay: 0.75}")
        }
    }

    var node: Node {
        switch self {
        case .decay(let decay): .keys([("decay", .number(decay))])
        case .ratio(let ratio): .keys([("ratio", .number(ratio))])
        }
    }
}
