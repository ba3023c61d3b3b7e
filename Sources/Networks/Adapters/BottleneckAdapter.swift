import Compute
import Tensors

/// The options of bottleneck adapters.
public struct BottleneckAdaptation: Hashable, Sendable {
    /// Units of the narrow layer.
    public var size: Int
    public var activation: ActivationLayer

    public init(size: Int = 64, activation: ActivationLayer = .relu) {
        self.size = size
        self.activation = activation
    }

    func validate() throws(ModelError) {
        if size >= 1 { return }
        throw .invalidOption(model: "bottleneck", option: "size", found: "\(size)", expected: "at least 1")
    }
}

/// Two connected layers with a narrow middle, around which their input is added: `h + up(activation(down(h)))`, over the
/// last axis, so that of images every pixel is a row.
///
/// Parts: `down` and `up`. Weights start from a normal distribution of deviation 0.01, cut off at two deviations, biases
/// as zeros, so that the adapter begins close to the identity.
///
/// Source: Houlsby et al., "Parameter-Efficient Transfer Learning for NLP", ICML 2019, section 2.1.
public struct BottleneckAdapter: Layer {
    public let down: Linear
    public let up: Linear
    public let activation: ActivationLayer

    /// - Parameter features: extent of the last axis of what comes in and out.
    public init(_ scope: ParameterScope, features: Int, _ options: BottleneckAdaptation) {
        let initializer = Initializer.truncatedNormal(deviation: 1e-2)
        down = Linear(
            scope["down"], inputs: features, outputs: options.size, activation: options.activation.fused ?? .none,
            initializer: initializer, biasInitializer: .constant(0))
        up = Linear(
            scope["up"], inputs: options.size, outputs: features, initializer: initializer,
            biasInitializer: .constant(0))
        activation = options.activation
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        var narrow = try down(input, in: context)
        if activation.fused == nil { narrow = try activation(narrow, in: context) }
        return try input + up(narrow, in: context)
    }
}
