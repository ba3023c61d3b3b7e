/// The description of one kind of work: it names what is computed, not where the data are.
///
/// Every description lists its operands and scalars in the order in which ``Device/encode(_:_:scalars:random:)`` takes
/// them. Tensors are dense, row-major; images are NHWC, filters HWIO.
///
/// Derivatives work on *stacked* cotangents: `tasks` blocks of the forward result's size, one behind the other, over
/// forward values that the tasks share.
public protocol PrimitiveDescription: Hashable, Sendable {
    /// Arithmetic operations of one run; a fused multiply-add counts as two. 0 where memory decides.
    var floatingPointOperations: Int { get }
    /// Bytes that one run must read and write at least.
    var bytesMoved: Int { get }
}

/// Everything that a device can do: the registry of primitives.
///
/// A primitive is at once the key of compiled kernels and of tuned parameters, the label of a profile and the parameter
/// of the conformance tests. Both backends switch over this enumeration exhaustively.
public enum Primitive: Hashable, Sendable {
    case gemm(GEMM)
    case maskedGEMM(MaskedGEMM)
    case conv2D(Conv2D)
    case pool2D(Pool2D)
    case reduction(Reduction)
    case unary(Unary)
    case unaryGradient(UnaryGradient)
    case binary(Binary)
    case softmax(Softmax)
    case softmaxGradient(SoftmaxGradient)
    case crossEntropy(CrossEntropy)
    case crossEntropyGradient(CrossEntropyGradient)
    case pointwiseLoss(PointwiseLoss)
    case pointwiseLossGradient(PointwiseLossGradient)
    case weightedMean(WeightedMean)
    case batchNormStatistics(BatchNormStatistics)
    case batchNormApply(BatchNormApply)
    case batchNormParameterGradient(BatchNormParameterGradient)
    case batchNormInputGradient(BatchNormInputGradient)
    case layerNorm(LayerNorm)
    case layerNormInputGradient(LayerNormInputGradient)
    case layerNormParameterGradient(LayerNormParameterGradient)
    case attention(Attention)
    case attentionGradient(AttentionGradient)
    case segmentMean(SegmentMean)
    case segmentMeanGradient(SegmentMeanGradient)
    case dropout(Dropout)
    case embedding(Embedding)
    case embeddingGradient(EmbeddingGradient)
    case compactEmbeddingGradient(CompactEmbeddingGradient)
    case stridedCopy(StridedCopy)
    case fill(Fill)
    case randomFill(RandomFill)
    case gramian(Gramian)
    case weightedRowSum(WeightedRowSum)
    case optimizerStep(OptimizerStep)

    /// The kind of work without its sizes, for grouping: the case's name, and the pass of those that have several.
    public var kind: String {
        switch self {
        case .conv2D(let value): "conv2D.\(value.pass)"
        case .pool2D(let value): "pool2D.\(value.kind).\(value.pass)"
        default: String("\(self)".prefix { $0 != "(" })
        }
    }

    /// The description inside.
    public var description: any PrimitiveDescription {
        switch self {
        case .gemm(let value): value
        case .maskedGEMM(let value): value
        case .conv2D(let value): value
        case .pool2D(let value): value
        case .reduction(let value): value
        case .unary(let value): value
        case .unaryGradient(let value): value
        case .binary(let value): value
        case .softmax(let value): value
        case .softmaxGradient(let value): value
        case .crossEntropy(let value): value
        case .crossEntropyGradient(let value): value
        case .pointwiseLoss(let value): value
        case .pointwiseLossGradient(let value): value
        case .weightedMean(let value): value
        case .batchNormStatistics(let value): value
        case .batchNormApply(let value): value
        case .batchNormParameterGradient(let value): value
        case .batchNormInputGradient(let value): value
        case .layerNorm(let value): value
        case .layerNormInputGradient(let value): value
        case .layerNormParameterGradient(let value): value
        case .attention(let value): value
        case .attentionGradient(let value): value
        case .segmentMean(let value): value
        case .segmentMeanGradient(let value): value
        case .dropout(let value): value
        case .embedding(let value): value
        case .embeddingGradient(let value): value
        case .compactEmbeddingGradient(let value): value
        case .stridedCopy(let value): value
        case .fill(let value): value
        case .randomFill(let value): value
        case .gramian(let value): value
        case .weightedRowSum(let value): value
        case .optimizerStep(let value): value
        }
    }
}

/// A function fused into the end of a matrix product, a convolution or a normalisation.
public enum Activation: UInt8, Hashable, Sendable, Codable {
    case none, relu, relu6
}
