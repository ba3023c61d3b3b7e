/// What a softmax cross-entropy takes into account, as in PyTorch's `cross_entropy`.
public struct CrossEntropyOptions: Hashable, Sendable {
    /// Rows with this label count nothing.
    public var ignoredLabel: Int32
    /// Share of the target that is spread evenly over all classes.
    public var labelSmoothing: Float
    /// Whether every class has a weight.
    public var classWeights: Bool
    /// Whether every row has a weight.
    public var mask: Bool

    public init(
        ignoredLabel: Int32 = -100, labelSmoothing: Float = 0, classWeights: Bool = false, mask: Bool = false
    ) {
        precondition((0...1).contains(labelSmoothing), "CrossEntropy: label smoothing \(labelSmoothing) outside 0...1")
        self.ignoredLabel = ignoredLabel
        self.labelSmoothing = labelSmoothing
        self.classWeights = classWeights
        self.mask = mask
    }
}

/// Softmax cross-entropy of every row.
///
/// Operands: logits `[rows, classes]`, labels Int32 `[rows]`, class weights `[classes]` if
/// ``CrossEntropyOptions/classWeights``, mask `[rows]` if ``CrossEntropyOptions/mask``, losses `[rows]`, weights `[rows]`.
///
/// With label y, class weights c, smoothing ε and mask m a row's loss is
/// `m·((1-ε)·c_y·(-log p_y) + ε/classes·Σ_j c_j·(-log p_j))` and its weight `m·c_y`, so that the ratio of their sums is
/// PyTorch's mean. A row with the ignored label has loss and weight 0.
public struct CrossEntropy: PrimitiveDescription {
    public var rows: Int
    public var classes: Int
    public var options: CrossEntropyOptions

    public init(rows: Int, classes: Int, options: CrossEntropyOptions = CrossEntropyOptions()) {
        self.rows = rows
        self.classes = classes
        self.options = options
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 4 * rows * (classes + 3) }
}

/// The derivative of the weighted mean of ``CrossEntropy``.
///
/// Operands: logits, labels, class weights and mask as in ``CrossEntropy``, cotangents `[tasks]` of the mean, its result
/// pair (see ``WeightedMean``), logit gradients `[tasks, rows, classes]`.
public struct CrossEntropyGradient: PrimitiveDescription {
    public var rows: Int
    public var classes: Int
    public var options: CrossEntropyOptions
    public var tasks: Int

    public init(rows: Int, classes: Int, options: CrossEntropyOptions = CrossEntropyOptions(), tasks: Int = 1) {
        self.rows = rows
        self.classes = classes
        self.options = options
        self.tasks = tasks
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 4 * rows * (classes * (1 + tasks) + 1) }
}
