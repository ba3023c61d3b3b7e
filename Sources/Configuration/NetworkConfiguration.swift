import Networks
import Yams

/// The part of the network between the inputs and the heads.
public struct TrunkConfiguration: Hashable, Sendable {
    /// A name in ``ModelRegistry/names``.
    public var model: String
    public var options: ModelOptions

    public init(model: String, options: ModelOptions = ModelOptions()) {
        self.model = model
        self.options = options
    }

    init(_ value: ConfigurationValue) throws(ConfigurationError) {
        var keys = Dictionary(uniqueKeysWithValues: ModelRegistry.names.map { ($0, [String]()) })
        keys["mlp"] = ["hidden", "activation", "dropout"]
        let (model, options) = try value.choice(of: "model", key: "model", options: keys)
        self.init(model: model, options: try ModelOptions(options))
    }

    var node: Node {
        .keys([("model", .text(model))] + (model == "mlp" ? options.pairs : []))
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
