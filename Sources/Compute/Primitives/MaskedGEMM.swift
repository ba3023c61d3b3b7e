/// The products of a stack of matrices that share their zeros with one matrix: `C[t] = A[t]·Bᵀ`, or `C[t] += A[t]·Bᵀ`.
///
/// Operands: A `[tasks, rows, inner]`, B `[columns, inner]`, C `[tasks, rows, columns]`, mask `[rows, inner]`.
///
/// A is zero wherever the mask is, for every task. So are the derivatives of several losses by what a ReLU was given; its
/// output is the mask. Half of the products are known to be zero then, and the rows of all tasks that belong to one row
/// of the mask leave out the same ones, so that a device can skip them and still work on tiles. It need not.
public struct MaskedGEMM: PrimitiveDescription {
    public var tasks: Int
    /// Rows of one task.
    public var rows: Int
    public var columns: Int
    /// Length of the inner products.
    public var inner: Int
    /// Adds to C instead of overwriting it.
    public var accumulate: Bool

    public init(tasks: Int, rows: Int, columns: Int, inner: Int, accumulate: Bool = false) {
        self.tasks = tasks
        self.rows = rows
        self.columns = columns
        self.inner = inner
        self.accumulate = accumulate
    }

    /// The same product without regard to the mask.
    public var dense: GEMM {
        GEMM(rows: tasks * rows, columns: columns, inner: inner, transposeB: true, accumulate: accumulate)
    }

    /// As if there were no zeros.
    public var floatingPointOperations: Int { dense.floatingPointOperations }
    public var bytesMoved: Int { dense.bytesMoved + 4 * rows * inner }
}
