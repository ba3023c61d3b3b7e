import Compute
import Tensors

/// BERT's encoder: token numbers become a vector per text.
///
/// The input is Int32 `[samples, length]`; token 0 is padding, for which nothing is computed. Every layer of the encoder
/// is a stage, the first one with the embeddings in front of it; what comes out of a stage has a row per token. The readout is the mean over the tokens that are not padding,
/// as in Sentence-BERT, or the first token (`[CLS]`).
///
/// Parameters are named as in BERT without the leading `bert.`: `embeddings.word_embeddings.weight`,
/// `encoder.layer.0.attention.self.query.weight` … The pooler of BERT's pre-training is left out. Weights of connected
/// layers are `[inputs, outputs]`.
///
/// Sources: Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers", NAACL 2019; Reimers, Gurevych,
/// "Sentence-BERT", EMNLP 2019.
public struct BERTEncoder: Trunk {
    /// Sizes; the default is MiniLM-L6.
    public struct Options: Hashable, Sendable {
        public var layers = 6
        /// Elements of a token's vector.
        public var hidden = 384
        public var heads = 12
        /// Units between the two connected layers of every encoder layer.
        public var intermediate = 1536
        public var vocabulary = 30_522
        /// The longest sequence.
        public var positions = 512
        /// Probability behind the embeddings and in front of every sum, in training.
        public var dropout: Float = 0
        public var epsilon: Float = 1e-12
        public var pooling = Pooling.mean
        /// Whether the features have the length 1.
        public var normalizes = false

        public init() {}
    }

    /// How the vectors of a text's tokens become one.
    public enum Pooling: String, Hashable, Sendable, CaseIterable {
        /// The mean over the tokens that are not padding.
        case mean
        /// The first token.
        case cls
    }

    public let options: Options
    public let stages: [TrunkStage]
    public let readout: any Layer
    public var featureCount: Int { options.hidden }

    /// - Precondition: all sizes are positive, and the heads divide the hidden size.
    public init(_ scope: ParameterScope, _ options: Options = Options()) {
        precondition(
            [options.layers, options.hidden, options.heads, options.intermediate, options.vocabulary, options.positions]
                .allSatisfy { $0 > 0 }, "BERTEncoder: \(options)")
        self.options = options
        let embeddings = BERTEmbeddings(
            scope["embeddings"], vocabulary: options.vocabulary, positions: options.positions, features: options.hidden,
            dropout: options.dropout, epsilon: options.epsilon)
        stages = (0..<options.layers).map { position in
            let layer = TransformerEncoderLayer(
                scope["encoder"]["layer"][position], features: options.hidden, heads: options.heads,
                intermediate: options.intermediate, dropout: options.dropout, epsilon: options.epsilon,
                initializer: .normal(mean: 0, deviation: 0.02), biasInitializer: .constant(0))
            return TrunkStage(
                position == 0 ? Sequential([embeddings, layer]) : layer, channels: options.hidden, yieldsImages: false)
        }
        readout = TokenPooling(pooling: options.pooling, normalizes: options.normalizes)
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        try runStages(input, in: context)
    }
}

/// Makes one vector of a text's tokens.
struct TokenPooling: Layer {
    let pooling: BERTEncoder.Pooling
    let normalizes: Bool

    func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        guard let sequences = context.sequences else {
            preconditionFailure("TokenPooling: there are no sequences; a layer that reads tokens must come first")
        }
        let features =
            switch pooling {
            case .mean: try input.segmentMean(starts: sequences.starts)
            case .cls: try input.embedding(sequences.firstRows)
            }
        guard normalizes else { return features }
        // A vector of zeros stays one.
        let squares = try features.sumOfSquares(axes: [1], keepsAxes: true).affine(scale: 1, shift: 1e-24)
        return try features * squares.reciprocalSquareRoot()
    }
}
