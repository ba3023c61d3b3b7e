import Compute

/// What a configuration says about a model; every model reads the options that it has.
public struct ModelOptions: Hashable, Sendable {
    /// `mlp`: units of every hidden layer.
    public var hidden: [Int]
    /// `mlp`: one of ``ActivationLayer/names``.
    public var activation: String
    /// `mlp`: probability of dropout behind every hidden layer.
    public var dropout: Float
    /// `bert`, `minilm`: all sizes. `dropout` above is not theirs.
    public var encoder: BERTEncoder.Options

    public init(
        hidden: [Int] = [], activation: String = "relu", dropout: Float = 0,
        encoder: BERTEncoder.Options = BERTEncoder.Options()
    ) {
        self.hidden = hidden
        self.activation = activation
        self.dropout = dropout
        self.encoder = encoder
    }
}

/// The models that can be made by name.
public enum ModelRegistry: String, CaseIterable, Sendable {
    case bert
    case efficientNetLite0 = "efficientnet-lite0"
    case efficientNetLite1 = "efficientnet-lite1"
    case efficientNetLite2 = "efficientnet-lite2"
    case lenet, minilm, mlp
    case mobileNetV2 = "mobilenet-v2"
    case mobileNetV2TensorFlow = "mobilenet-v2-tensorflow"
    case onet, resnet18, resnet50

    /// The names of all models.
    public static var names: [String] { allCases.map(\.rawValue) }

    /// Makes the model of a name and declares its parameters.
    ///
    /// - Parameters:
    ///   - scope: where the parameters are declared, `trunk` by convention.
    ///   - sampleShape: of one sample: `[features]`, `[height, width, channels]` for images, `[tokens]` for texts.
    /// - Throws: ``ModelError``; nothing was declared then.
    public static func trunk(
        named name: String, options: ModelOptions = ModelOptions(), sampleShape: Shape, in scope: ParameterScope
    ) throws(ModelError) -> any Trunk {
        guard let model = ModelRegistry(rawValue: name) else { throw .unknownModel(name: name, known: names) }
        return switch model {
        case .bert, .minilm: try bert(scope, sampleShape, options.encoder, model: name)
        case .efficientNetLite0: EfficientNetLite(scope, .lite0, channels: try model.channels(sampleShape))
        case .efficientNetLite1: EfficientNetLite(scope, .lite1, channels: try model.channels(sampleShape))
        case .efficientNetLite2: EfficientNetLite(scope, .lite2, channels: try model.channels(sampleShape))
        case .lenet: try lenet(scope, sampleShape)
        case .mlp: try mlp(scope, sampleShape, options)
        case .mobileNetV2: MobileNetV2(scope, channels: try model.channels(sampleShape))
        case .mobileNetV2TensorFlow:
            MobileNetV2(scope, channels: try model.channels(sampleShape), style: .tensorFlow)
        case .onet: try onet(scope, sampleShape)
        case .resnet18: ResNet18(scope, channels: try model.channels(sampleShape))
        case .resnet50: ResNet50(scope, channels: try model.channels(sampleShape))
        }
    }

    private static func mlp(
        _ scope: ParameterScope, _ sample: Shape, _ options: ModelOptions
    ) throws(ModelError) -> any Trunk {
        guard sample.rank >= 1, sample.count > 0 else {
            throw .unsuitableInput(model: "mlp", found: sample, expected: "at least one feature")
        }
        guard !options.hidden.isEmpty, options.hidden.allSatisfy({ $0 > 0 }) else {
            throw .invalidOption(
                model: "mlp", option: "hidden", found: "\(options.hidden)",
                expected: "the positive numbers of units of one or more layers, such as [512, 512]")
        }
        guard (0..<1).contains(options.dropout) else {
            throw .invalidOption(
                model: "mlp", option: "dropout", found: "\(options.dropout)",
                expected: "a probability, at least 0 and below 1")
        }
        guard let activation = ActivationLayer(named: options.activation) else {
            throw .unknownActivation(name: options.activation, known: ActivationLayer.names)
        }
        return MLP(
            scope, inputs: sample.count, hidden: options.hidden, activation: activation, dropout: options.dropout)
    }

    private static func bert(
        _ scope: ParameterScope, _ sample: Shape, _ options: BERTEncoder.Options, model: String
    ) throws(ModelError) -> any Trunk {
        guard sample.rank == 1, sample[0] > 0, sample[0] <= options.positions else {
            throw .unsuitableInput(
                model: model, found: sample, expected: "[tokens] with at most \(options.positions) tokens")
        }
        let sizes = [
            ("layers", options.layers), ("hidden", options.hidden), ("heads", options.heads),
            ("intermediate", options.intermediate), ("vocabulary", options.vocabulary),
        ]
        for (name, size) in sizes where size < 1 {
            throw .invalidOption(model: model, option: name, found: "\(size)", expected: "at least 1")
        }
        guard options.hidden % options.heads == 0 else {
            throw .invalidOption(
                model: model, option: "heads", found: "\(options.heads)", expected: "a divisor of \(options.hidden)")
        }
        guard (0..<1).contains(options.dropout) else {
            throw .invalidOption(
                model: model, option: "dropout", found: "\(options.dropout)",
                expected: "a probability, at least 0 and below 1")
        }
        return BERTEncoder(scope, options)
    }

    private static func lenet(_ scope: ParameterScope, _ sample: Shape) throws(ModelError) -> any Trunk {
        let minimum = LeNet.minimumSize
        guard sample.rank == 3, sample[0] >= minimum, sample[1] >= minimum, sample[2] > 0 else {
            throw .unsuitableInput(
                model: "lenet", found: sample,
                expected: "[height, width, channels] with height and width of at least \(minimum)")
        }
        return LeNet(scope, height: sample[0], width: sample[1], channels: sample[2])
    }

    private static func onet(_ scope: ParameterScope, _ sample: Shape) throws(ModelError) -> any Trunk {
        let size = ONet.imageSize
        guard sample.rank == 3, sample[0] == size, sample[1] == size, sample[2] > 0 else {
            throw .unsuitableInput(model: "onet", found: sample, expected: "[\(size), \(size), channels]")
        }
        return ONet(scope, channels: sample[2])
    }

    /// The channels of images of any size.
    private func channels(_ sample: Shape) throws(ModelError) -> Int {
        guard sample.rank == 3, sample.count > 0 else {
            throw .unsuitableInput(model: rawValue, found: sample, expected: "[height, width, channels]")
        }
        return sample[2]
    }
}
