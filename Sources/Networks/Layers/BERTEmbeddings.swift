import Compute
import Tensors

/// What BERT makes of token numbers: the sum of a token's, its place's and the first segment's vector, normalised.
///
/// Int32 `[samples, length]`, 0 for padding, becomes `[rows, features]`, a row for every token that is not padding: the
/// ``ForwardContext/sequences`` tell the layers behind how they lie.
///
/// Parameters, named as in BERT: `word_embeddings.weight` `[vocabulary, features]`, `position_embeddings.weight`
/// `[positions, features]`, `token_type_embeddings.weight` `[2, features]`, and `LayerNorm`.
///
/// Source: Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers", NAACL 2019.
public struct BERTEmbeddings: Layer {
    public let words: EmbeddingLayer
    public let positions: EmbeddingLayer
    public let segments: EmbeddingLayer
    public let norm: LayerNormLayer
    public let dropout: DropoutLayer

    public init(
        _ scope: ParameterScope, vocabulary: Int, positions count: Int, features: Int, dropout: Float = 0,
        epsilon: Float = 1e-12
    ) {
        func table(_ name: String, _ rows: Int) -> EmbeddingLayer {
            EmbeddingLayer(
                scope[name], vocabulary: rows, width: features, initializer: .normal(mean: 0, deviation: 0.02))
        }
        words = table("word_embeddings", vocabulary)
        positions = table("position_embeddings", count)
        segments = table("token_type_embeddings", 2)
        norm = LayerNormLayer(scope["LayerNorm"], features: features, epsilon: epsilon)
        self.dropout = DropoutLayer(probability: dropout)
    }

    /// - Precondition: the sequences are no longer than there are positions.
    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        precondition(
            input.shape.rank == 2 && input.elementType == .int32 && input.shape[1] <= positions.vocabulary,
            "BERTEmbeddings: input \(input.shape), expected Int32 [samples, at most \(positions.vocabulary) tokens]")
        let sequences = try PackedSequences(input)
        context.sequences = sequences
        let places = try positions(sequences.places, in: context) + context(segments.weight).sliced(axis: 0, 0..<1)
        return try dropout(norm(words(sequences.tokens, in: context) + places, in: context), in: context)
    }
}
