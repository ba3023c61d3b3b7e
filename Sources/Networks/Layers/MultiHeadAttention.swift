import Compute
import Tensors

/// Self-attention with several heads and a projection behind it: `[samples, length, features]`, or `[rows, features]` of
/// ``ForwardContext/sequences``, keeps its shape.
///
/// Parts, named as in BERT: `self.query`, `self.key`, `self.value` and `output.dense`, connected layers with biases.
/// Source: Vaswani et al., "Attention Is All You Need", NeurIPS 2017.
public struct MultiHeadAttention: Layer {
    public let query: Linear
    public let key: Linear
    public let value: Linear
    public let output: Linear
    public let heads: Int
    public let causal: Bool

    /// - Precondition: the heads divide the features.
    public init(
        _ scope: ParameterScope, features: Int, heads: Int, causal: Bool = false, initializer: Initializer? = nil,
        biasInitializer: Initializer? = nil
    ) {
        precondition(heads > 0 && features % heads == 0, "MultiHeadAttention: \(heads) heads of \(features) features")
        func linear(_ scope: ParameterScope) -> Linear {
            Linear(
                scope, inputs: features, outputs: features, initializer: initializer, biasInitializer: biasInitializer)
        }
        query = linear(scope["self"]["query"])
        key = linear(scope["self"]["key"])
        value = linear(scope["self"]["value"])
        output = linear(scope["output"]["dense"])
        self.heads = heads
        self.causal = causal
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        let attended = try query(input, in: context).attention(
            keys: try key(input, in: context), values: try value(input, in: context), heads: heads,
            layout: context.sequences?.layout ?? .uniform, causal: causal)
        return try output(attended, in: context)
    }
}
