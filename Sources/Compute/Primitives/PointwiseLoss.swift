/// Losses that compare prediction and target element by element, averaged over every row.
///
/// Operands: predictions `[rows, columns]`, targets alike, positive weights `[columns]` if ``positiveWeights``, mask
/// `[rows]` if ``mask``, losses `[rows]`, weights `[rows]`. A row's loss is its mask times the mean over its columns, its
/// weight is its mask (1 without one), so that the ratio of their sums is the mean over the rows that count.
public struct PointwiseLoss: PrimitiveDescription {
    public enum Function: UInt8, Hashable, Sendable, CaseIterable {
        /// Binary cross-entropy of a logit: `w·t·softplus(-x) + (1-t)·softplus(x)` with positive weight w.
        case binaryCrossEntropy
        case squaredError, absoluteError
        /// Half the square within δ, linear outside (PyTorch's `huber_loss`). Scalars: δ.
        case huber
    }

    public var function: Function
    public var rows: Int
    public var columns: Int
    public var positiveWeights: Bool
    public var mask: Bool

    public init(_ function: Function, rows: Int, columns: Int, positiveWeights: Bool = false, mask: Bool = false) {
        precondition(!positiveWeights || function == .binaryCrossEntropy, "positive weights are for binary targets")
        self.function = function
        self.rows = rows
        self.columns = columns
        self.positiveWeights = positiveWeights
        self.mask = mask
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 4 * rows * (2 * columns + 2) }
}

/// The derivative of the weighted mean of ``PointwiseLoss`` with respect to the predictions.
///
/// Operands: predictions, targets, positive weights and mask as in ``PointwiseLoss``, cotangents `[tasks]` of the mean,
/// its result pair (see ``WeightedMean``), prediction gradients `[tasks, rows, columns]`. Scalars: those of the function.
public struct PointwiseLossGradient: PrimitiveDescription {
    public var function: PointwiseLoss.Function
    public var rows: Int
    public var columns: Int
    public var positiveWeights: Bool
    public var mask: Bool
    public var tasks: Int

    public init(
        _ function: PointwiseLoss.Function, rows: Int, columns: Int, positiveWeights: Bool = false, mask: Bool = false,
        tasks: Int = 1
    ) {
        self.function = function
        self.rows = rows
        self.columns = columns
        self.positiveWeights = positiveWeights
        self.mask = mask
        self.tasks = tasks
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 4 * rows * columns * (2 + tasks) }
}
