import Compute
import Tensors

/// A layer of a transformer encoder that normalises behind every sum (post-norm), as BERT does:
/// `y = norm(x + attention(x))`, `norm(y + dense(gelu(dense(y))))`, with dropout in front of the sums.
///
/// Parts, named as in BERT: `attention` (``MultiHeadAttention``), `attention.output.LayerNorm`, `intermediate.dense`,
/// `output.dense`, `output.LayerNorm`.
///
/// Source: Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers", NAACL 2019.
public struct TransformerEncoderLayer: Layer {
    public let attention: MultiHeadAttention
    public let attentionNorm: LayerNormLayer
    public let intermediate: Linear
    public let output: Linear
    public let outputNorm: LayerNormLayer
    public let dropout: DropoutLayer

    public init(
        _ scope: ParameterScope, features: Int, heads: Int, intermediate units: Int, dropout: Float = 0,
        epsilon: Float = 1e-12, causal: Bool = false, initializer: Initializer? = nil,
        biasInitializer: Initializer? = nil
    ) {
        attention = MultiHeadAttention(
            scope["attention"], features: features, heads: heads, causal: causal, initializer: initializer,
            biasInitializer: biasInitializer)
        attentionNorm = LayerNormLayer(
            scope["attention"]["output"]["LayerNorm"], features: features, epsilon: epsilon)
        intermediate = Linear(
            scope["intermediate"]["dense"], inputs: features, outputs: units, initializer: initializer,
            biasInitializer: biasInitializer)
        output = Linear(
            scope["output"]["dense"], inputs: units, outputs: features, initializer: initializer,
            biasInitializer: biasInitializer)
        outputNorm = LayerNormLayer(scope["output"]["LayerNorm"], features: features, epsilon: epsilon)
        self.dropout = DropoutLayer(probability: dropout)
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        let attended = try dropout(attention(input, in: context), in: context)
        let middle = try attentionNorm(attended + input, in: context)
        let wide = try intermediate(middle, in: context).gelu()
        return try outputNorm(dropout(output(wide, in: context), in: context) + middle, in: context)
    }
}
