/// Inner products of the rows of two matrices where those of rows k and l are the same as those of rows l and k, as
/// partial sums per tile of columns.
///
/// Operands: left and right matrix of `rows` rows that are `stride` elements apart (both the same for the inner products
/// of one matrix's rows), partial sums `[tiles, rows, rows]`. Only left row k with right rows l ≤ k are multiplied; the
/// upper triangle is a copy of the lower one. The caller adds the tiles in Float64: Float32 inside a tile of ``tileColumns`` and Float64 across tiles keep the error
/// near 1e-8, where one long Float32 sum has 1e-4.
public struct Gramian: PrimitiveDescription {
    /// Columns that are summed in Float32.
    public static let tileColumns = 4096

    public var rows: Int
    public var columns: Int
    public var stride: Int

    public init(rows: Int, columns: Int, stride: Int) {
        precondition(stride >= columns, "Gramian: rows of \(columns) elements overlap with a stride of \(stride)")
        self.rows = rows
        self.columns = columns
        self.stride = stride
    }

    /// Number of partial sums per pair.
    public var tiles: Int { (columns + Gramian.tileColumns - 1) / Gramian.tileColumns }
    public var floatingPointOperations: Int { rows * (rows + 1) * columns }
    public var bytesMoved: Int { 4 * (rows * columns + tiles * rows * rows) }
}
