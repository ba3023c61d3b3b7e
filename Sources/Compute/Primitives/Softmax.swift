/// Softmax, or its logarithm, over every row, computed around the row's maximum.
///
/// Operands: input `[rows, columns]`, output (may be the input).
public struct Softmax: PrimitiveDescription {
    public var rows: Int
    public var columns: Int
    public var logarithm: Bool

    public init(rows: Int, columns: Int, logarithm: Bool = false) {
        self.rows = rows
        self.columns = columns
        self.logarithm = logarithm
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 8 * rows * columns }
}

/// The derivative of ``Softmax``.
///
/// Operands: the saved output `[rows, columns]`, deltas `[tasks, rows, columns]`, input gradients alike.
public struct SoftmaxGradient: PrimitiveDescription {
    public var rows: Int
    public var columns: Int
    public var logarithm: Bool
    public var tasks: Int

    public init(rows: Int, columns: Int, logarithm: Bool = false, tasks: Int = 1) {
        self.rows = rows
        self.columns = columns
        self.logarithm = logarithm
        self.tasks = tasks
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 4 * rows * columns * (1 + 2 * tasks) }
}
