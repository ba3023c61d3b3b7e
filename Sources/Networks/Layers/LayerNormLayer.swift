import Compute
import Tensors

/// Layer normalisation over the last axis: `(x - mean) / √(variance + ε) · weight + bias`.
///
/// Parameters: `weight` and `bias`, `[features]`, both without weight decay.
///
/// Source: Ba, Kiros, Hinton, "Layer Normalization", arXiv 1607.06450.
public struct LayerNormLayer: Layer {
    public let weight: Parameter
    public let bias: Parameter
    public let epsilon: Float

    public init(_ scope: ParameterScope, features: Int, epsilon: Float = 1e-5) {
        weight = scope.parameter("weight", [features], initializer: .constant(1), decays: false)
        bias = scope.parameter("bias", [features], initializer: .constant(0), decays: false)
        self.epsilon = epsilon
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        try input.layerNorm(scale: context(weight), shift: context(bias), epsilon: epsilon)
    }
}
