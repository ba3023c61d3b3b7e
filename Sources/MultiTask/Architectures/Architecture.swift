import Compute
import Networks
import Tensors

/// How tasks share parts of a network.
///
/// Every architecture works over any ``Trunk``. What its losses share is not declared: ``TaskGradients`` finds it out.
public enum Architecture: Hashable, Sendable {
    case hardSharing
    case crossStitch(CrossStitch = CrossStitch())
    case mmoe(MMoE = MMoE())
    case cgc(CGC = CGC())
    case ple(PLE = PLE())
    case mtan
    case dselectK(DSelectK = DSelectK())
    case learningToBranch(LearningToBranch = LearningToBranch())
    case softSharing(SoftSharing = SoftSharing())

    /// Every architecture with its standard options, in the order in which they are listed.
    public static let all: [Architecture] = [
        .hardSharing, .crossStitch(), .mmoe(), .cgc(), .ple(), .mtan, .dselectK(), .learningToBranch(), .softSharing(),
    ]

    /// The names of all architectures.
    public static var names: [String] { all.map(\.name) }

    /// The name in configurations.
    public var name: String {
        switch self {
        case .hardSharing: "hard-sharing"
        case .crossStitch: "cross-stitch"
        case .mmoe: "mmoe"
        case .cgc: "cgc"
        case .ple: "ple"
        case .mtan: "mtan"
        case .dselectK: "dselect-k"
        case .learningToBranch: "learning-to-branch"
        case .softSharing: "soft-sharing"
        }
    }

    /// Makes the network and declares its parameters.
    ///
    /// - Throws: what making a trunk or a head throws.
    public func network(from parts: NetworkParts) throws -> any MultiTaskNetwork {
        switch self {
        case .hardSharing: try HardSharing(parts)
        case .crossStitch(let options): try CrossStitchNetwork(options, parts)
        case .mmoe(let options): try GatedExperts(options, parts)
        case .cgc(let options): try GatedExperts(options, parts)
        case .ple(let options): try PLENetwork(options, parts)
        case .mtan: try MTAN(parts)
        case .dselectK(let options): try GatedExperts(options, parts)
        case .learningToBranch(let options): try LearningToBranchNetwork(options, parts)
        case .softSharing(let options): try SoftSharingNetwork(options, parts)
        }
    }
}

/// What an architecture puts a network together from.
public struct NetworkParts {
    /// Where the parameters are declared.
    public let scope: ParameterScope
    /// The names of the tasks; what belongs to one is declared in `tasks.TASK` and `heads.TASK`.
    public let tasks: [String]
    /// Of one input: `[features]`, or `[height, width, channels]` for images.
    public let sampleShape: Shape
    /// Makes a trunk; architectures with several, such as experts, call it once for each.
    public let makeTrunk: (ParameterScope) throws -> any Trunk
    /// Makes the head of a task for so many features.
    public let makeHead: (_ scope: ParameterScope, _ task: Int, _ inputs: Int) throws -> any Layer

    /// - Precondition: at least one task.
    public init(
        scope: ParameterScope, tasks: [String], sampleShape: Shape,
        makeTrunk: @escaping (ParameterScope) throws -> any Trunk,
        makeHead: @escaping (_ scope: ParameterScope, _ task: Int, _ inputs: Int) throws -> any Layer
    ) {
        precondition(!tasks.isEmpty, "a network without tasks")
        self.scope = scope
        self.tasks = tasks
        self.sampleShape = sampleShape
        self.makeTrunk = makeTrunk
        self.makeHead = makeHead
    }

    /// The scope of what an architecture keeps for one task besides its head.
    func scope(of task: String) -> ParameterScope { scope["tasks"][task] }

    /// `count` trunks in the scopes of their positions.
    func trunks(_ count: Int, in scope: ParameterScope) throws -> [any Trunk] {
        try (0..<count).map { try makeTrunk(scope[$0]) }
    }

    /// A head per task.
    func heads(inputs: Int) throws -> [any Layer] {
        try tasks.enumerated().map { try makeHead(scope["heads"][$1], $0, inputs) }
    }
}

extension HardSharing {
    init(_ parts: NetworkParts) throws {
        let trunk = try parts.makeTrunk(parts.scope["trunk"])
        self.init(trunk: trunk, heads: try parts.heads(inputs: trunk.featureCount))
    }
}

extension [any Layer] {
    /// Applies the heads of tasks to the tasks' features; nil for tasks without features.
    func predictions(from features: [Tensor?], in context: ForwardContext) throws(ComputeError) -> [Tensor?] {
        var outputs: [Tensor?] = []
        outputs.reserveCapacity(count)
        for (head, features) in zip(self, features) {
            outputs.append(try features.map { (features) throws(ComputeError) in try head(features, in: context) })
        }
        return outputs
    }
}
