/// `result = Σ_k weights[k]·row_k`.
///
/// Operands: matrix of `rows` rows that are `stride` elements apart, weights `[rows]`, result `[columns]`.
public struct WeightedRowSum: PrimitiveDescription {
    public var rows: Int
    public var columns: Int
    public var stride: Int
    /// Adds to the result instead of overwriting it.
    public var accumulate: Bool

    public init(rows: Int, columns: Int, stride: Int, accumulate: Bool = false) {
        self.rows = rows
        self.columns = columns
        self.stride = stride
        self.accumulate = accumulate
    }

    public var floatingPointOperations: Int { 2 * rows * columns }
    public var bytesMoved: Int { 4 * columns * (rows + (accumulate ? 2 : 1)) }
}
