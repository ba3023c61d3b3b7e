import Networks
import Yams

/// The part of the network between the inputs and the heads.
public struct TrunkConfiguration: Hashable, Sendable {
    /// A name in ``ModelRegistry/names``.
    public var model: String
    public var options: ModelOptions
    /// A file of parameters to start from. Default: none, they are drawn.
    public var weights: String?
    /// Whether the file may lack some, hold others, or have other shapes. Default: false.
    public var isPartial: Bool

    public init(model: String, options: ModelOptions = ModelOptions(), weights: String? = nil, isPartial: Bool = false) {
        self.model = model
        self.options = options
        self.weights = weights
        self.isPartial = isPartial
    }

    init(_ value: ConfigurationValue) throws(ConfigurationError) {
        var keys = Dictionary(uniqueKeysWithValues: ModelRegistry.names.map { ($0, ["weights", "partial"]) })
        keys["mlp", default: []] += ["hidden", "activation", "dropout"]
        keys["minilm", default: []] += ["dropout", "pooling", "normalizes"]
        keys["bert", default: []] += BERTEncoder.Options.sizes.map(\.key) + ["dropout", "pooling", "normalizes"]
        let (model, values) = try value.choice(of: "model", key: "model", options: keys)
        let options =
            switch model {
            case "bert", "minilm": ModelOptions(encoder: try BERTEncoder.Options(values))
            default: try ModelOptions(values)
            }
        self.init(
            model: model, options: options,
            weights: try values["weights"]?.string("the path of a file of parameters"),
            isPartial: try values["partial"]?.boolean() ?? false)
        if let partial = values["partial"], weights == nil {
            throw partial.failure(.unexpected(found: "partial", expected: "it with weights only"))
        }
    }

    var node: Node {
        let pairs: [(String, Node)] =
            switch model {
            case "mlp": options.pairs
            case "bert": options.encoder.sizePairs + options.encoder.pairs
            case "minilm": options.encoder.pairs
            default: []
            }
        let start: [(String, Node)] = weights.map { [("weights", .text($0)), ("partial", .boolean(isPartial))] } ?? []
        return .keys([("model", .text(model))] + pairs + start)
    }
}

/// How rows of tables become vectors.
public struct EncoderConfiguration: Hashable, Sendable {
    /// Elements of the embedding of a categorical value. Default 8.
    public var width: Int

    public init(width: Int = 8) { self.width = width }

    init(_ value: ConfigurationValue) throws(ConfigurationError) {
        let values = try value.mapping(keys: ["width"])
        width = try values["width"]?.integer(atLeast: 1, atMost: 1 << 12) ?? EncoderConfiguration().width
    }

    var node: Node { .keys([("width", .number(width))]) }
}

/// The part of the network that belongs to one task: hidden layers, and a linear layer that fits the task's target.
public struct HeadConfiguration: Hashable, Sendable {
    public var options: ModelOptions

    public init(hidden: [Int] = [], activation: String = "relu", dropout: Float = 0) {
        options = ModelOptions(hidden: hidden, activation: activation, dropout: dropout)
    }

    init(_ value: ConfigurationValue) throws(ConfigurationError) {
        options = try ModelOptions(try value.mapping(keys: ["hidden", "activation", "dropout"]))
    }

    var node: Node { .keys(options.pairs) }
}

extension ModelOptions {
    fileprivate init(_ values: ConfigurationMapping) throws(ConfigurationError) {
        var hidden: [Int] = []
        for element in try values["hidden"]?.list("a list of layer sizes, such as [50]") ?? [] {
            hidden.append(try element.integer(atLeast: 1, atMost: 1 << 16))
        }
        self.init(
            hidden: hidden,
            activation: try values["activation"]?.name(of: "activation", among: ActivationLayer.names) ?? "relu",
            dropout: try values["dropout"]?.fraction() ?? 0)
    }

    fileprivate var pairs: [(String, Node)] {
        [
            ("hidden", .row(hidden.map { .number($0) })), ("activation", .text(activation)),
            ("dropout", .number(dropout)),
        ]
    }
}

extension BERTEncoder.Options {
    /// What only `bert` lets be chosen.
    fileprivate static let sizes: [(key: String, path: WritableKeyPath<BERTEncoder.Options, Int> & Sendable)] = [
        ("layers", \.layers), ("hidden", \.hidden), ("heads", \.heads), ("intermediate", \.intermediate),
        ("vocabulary", \.vocabulary), ("positions", \.positions),
    ]

    fileprivate init(_ values: ConfigurationMapping) throws(ConfigurationError) {
        self.init()
        for (key, path) in BERTEncoder.Options.sizes {
            if let value = values[key] { self[keyPath: path] = try value.integer(atLeast: 1, atMost: 1 << 20) }
        }
        dropout = try values["dropout"]?.fraction() ?? 0
        let poolings = BERTEncoder.Pooling.allCases.map(\.rawValue)
        if let value = values["pooling"] {
            pooling = BERTEncoder.Pooling(rawValue: try value.name(of: "pooling", among: poolings)) ?? .mean
        }
        normalizes = try values["normalizes"]?.boolean() ?? false
    }

    fileprivate var sizePairs: [(String, Node)] {
        BERTEncoder.Options.sizes.map { ($0.key, .number(self[keyPath: $0.path])) }
    }

    fileprivate var pairs: [(String, Node)] {
        [
            ("dropout", .number(dropout)), ("pooling", .text(pooling.rawValue)), ("normalizes", .boolean(normalizes)),
        ]
    }
}
