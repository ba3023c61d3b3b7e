/// Inner products of all pairs of rows, as partial sums per tile of columns.
///
/// Operands: matrix of `rows` rows that are `stride` elements apart, partial sums `[tiles, rows, rows]` (both triangles).
/// The caller adds the tiles in Float64: Float32 inside a tile of ``tileColumns`` and Float64 across tiles keep the error
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
