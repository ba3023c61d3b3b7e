import Networks
import Transfer
import Yams

/// What trains in a trunk that stands still otherwise:
/// `{name: lora, rank: 8, alpha: 16, dropout: 0.05, targets: [query, value], perTask: true}`.
public struct AdaptersConfiguration: Hashable, Sendable {
    public enum Method: Hashable, Sendable {
        case lora(LowRankAdaptation)
        case bottleneck(BottleneckAdaptation)
        /// The trunk's own biases. Source: Ben Zaken, Goldberg, Ravfogel, "BitFit: Simple Parameter-efficient Fine-tuning
        /// for Transformer-based Masked Language-models", ACL 2022.
        case biasOnly
    }

    /// Where adapters sit.
    public enum Placement: Hashable, Sendable {
        case layers(AdapterTargets)
        /// Behind every stage of the trunk; bottleneck adapters only.
        case stages
    }

    public var method: Method
    /// Default: all connected layers.
    public var placement: Placement
    /// Whether every task has adapters of its own. Default: no.
    public var perTask: Bool
    /// A folder of the Python package `peft` that the adapters start from; where tasks have their own, with a folder of
    /// the name of each task inside.
    public var load: String?

    public init(
        _ method: Method, placement: Placement = .layers(.allLinear), perTask: Bool = false, load: String? = nil
    ) {
        self.method = method
        self.placement = placement
        self.perTask = perTask
        self.load = load
    }

    init(_ value: ConfigurationValue) throws(ConfigurationError) {
        let (name, options) = try value.choice(
            of: "adapter",
            options: [
                "lora": ["rank", "alpha", "dropout", "targets", "perTask", "load"],
                "bottleneck": ["size", "activation", "targets", "perTask"],
                "bias-only": [],
            ])
        switch name {
        case "lora":
            let rank = try options["rank"]?.integer(atLeast: 1, atMost: 1 << 16) ?? LowRankAdaptation().rank
            method = .lora(
                LowRankAdaptation(
                    rank: rank, alpha: try options["alpha"]?.positive() ?? Float(rank),
                    dropout: try options["dropout"]?.fraction() ?? 0))
        case "bottleneck":
            var adaptation = BottleneckAdaptation()
            adaptation.size = try options["size"]?.integer(atLeast: 1, atMost: 1 << 16) ?? adaptation.size
            if let activation = try options["activation"]?.name(of: "activation", among: ActivationLayer.names) {
                adaptation.activation = ActivationLayer(named: activation) ?? adaptation.activation
            }
            method = .bottleneck(adaptation)
        default: method = .biasOnly
        }
        placement = try options["targets"].map { value throws(ConfigurationError) in
            try AdaptersConfiguration.placement(value, allowsStages: name == "bottleneck")
        } ?? .layers(.allLinear)
        perTask = try options["perTask"]?.boolean() ?? false
        load = try options["load"]?.string("the path of a folder of the Python package peft")
        if perTask, placement == .stages, let targets = options["targets"] {
            throw targets.unexpected("layers, where tasks have adapters of their own")
        }
    }

    private static func placement(
        _ value: ConfigurationValue, allowsStages: Bool
    ) throws(ConfigurationError) -> Placement {
        let expected = "all-linear, a list of names of layers, or a regular expression for their paths"
            + (allowsStages ? ", or stages" : "")
        if case .sequence = value.node {
            var names: [String] = []
            for element in try value.list(expected) { names.append(try element.string("the name of a layer")) }
            if names.isEmpty { throw value.unexpected(expected) }
            return .layers(.names(names))
        }
        switch try value.string(expected) {
        case "all-linear": return .layers(.allLinear)
        case "stages" where allowsStages: return .stages
        case let pattern:
            guard (try? Regex(pattern)) != nil else { throw value.unexpected(expected) }
            return .layers(.pattern(pattern))
        }
    }

    private var targetsNode: Node {
        switch placement {
        case .stages: .text("stages")
        case .layers(.allLinear): .text("all-linear")
        case .layers(.pattern(let pattern)): .text(pattern)
        case .layers(.names(let names)): .row(names.map(Node.text))
        }
    }

    var node: Node {
        switch method {
        case .lora(let options):
            .keys(
                [
                    ("name", .text("lora")), ("rank", .number(options.rank)), ("alpha", .number(options.alpha)),
                    ("dropout", .number(options.dropout)), ("targets", targetsNode), ("perTask", .boolean(perTask)),
                ] + (load.map { [("load", .text($0))] } ?? []))
        case .bottleneck(let options):
            .keys([
                ("name", .text("bottleneck")), ("size", .number(options.size)),
                ("activation", .text(options.activation.name)), ("targets", targetsNode),
                ("perTask", .boolean(perTask)),
            ])
        case .biasOnly: .text("bias-only")
        }
    }
}

extension ActivationLayer {
    /// The name in configurations.
    fileprivate var name: String {
        switch self {
        case .relu: "relu"
        case .relu6: "relu6"
        case .leakyReLU: "leakyReLU"
        case .gelu: "gelu"
        case .silu: "silu"
        case .tanh: "tanh"
        case .sigmoid: "sigmoid"
        }
    }
}
