/// Dense matrix products: `C = activation(op(A)·op(B) + bias)`, or `C += op(A)·op(B)`.
///
/// Operands: A, B, C and, if ``bias`` is set, a row of `columns` elements that is added to every row of the product.
/// A is stored `[rows, inner]`, transposed `[inner, rows]`; B `[inner, columns]`, transposed `[columns, inner]`.
public struct GEMM: PrimitiveDescription {
    /// Rows of C ("m").
    public var rows: Int
    /// Columns of C ("n").
    public var columns: Int
    /// Length of the inner products ("k").
    public var inner: Int
    public var transposeA: Bool
    public var transposeB: Bool
    /// Number of products in one run.
    public var batch: Int
    /// Elements from one matrix of a batch to the next; 0 uses the same matrix for the whole batch.
    public var strideA: Int
    public var strideB: Int
    public var strideC: Int
    /// Adds to C instead of overwriting it; excludes bias and activation.
    public var accumulate: Bool
    public var bias: Bool
    public var activation: Activation

    /// A batch is dense unless strides are given.
    public init(
        rows: Int, columns: Int, inner: Int, transposeA: Bool = false, transposeB: Bool = false, batch: Int = 1,
        strideA: Int? = nil, strideB: Int? = nil, strideC: Int? = nil, accumulate: Bool = false, bias: Bool = false,
        activation: Activation = .none
    ) {
        precondition(!accumulate || (!bias && activation == .none), "GEMM: accumulate excludes bias and activation")
        self.rows = rows
        self.columns = columns
        self.inner = inner
        self.transposeA = transposeA
        self.transposeB = transposeB
        self.batch = batch
        self.strideA = strideA ?? rows * inner
        self.strideB = strideB ?? inner * columns
        self.strideC = strideC ?? rows * columns
        self.accumulate = accumulate
        self.bias = bias
        self.activation = activation
    }

    public var floatingPointOperations: Int { 2 * batch * rows * columns * inner }
    public var bytesMoved: Int {
        let left = (strideA == 0 ? 1 : batch) * rows * inner
        let right = (strideB == 0 ? 1 : batch) * inner * columns
        return 4 * (left + right + (accumulate ? 2 : 1) * batch * rows * columns)
    }
}
