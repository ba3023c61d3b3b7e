/// Normalises every row around its own mean: `y = (x - mean)·reciprocalDeviation·γ + β`.
///
/// Operands: input `[rows, columns]`, γ and β `[columns]`, output (may be the input), statistics `[rows, 2]`: mean and
/// reciprocal deviation of every row. Scalars: ε.
///
/// The deviation is the root of the biased variance plus ε; the variance is summed around the mean.
/// Source: Ba, Kiros, Hinton, "Layer Normalization", arXiv 1607.06450.
public struct LayerNorm: PrimitiveDescription {
    public var rows: Int
    public var columns: Int

    public init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 8 * rows * (columns + 1) }
}

/// The derivative of ``LayerNorm`` by its input: with g = dy∘γ, `dx = r·(g - mean(g) - x̂·mean(g∘x̂))`, means over a row.
///
/// Operands: input `[rows, columns]`, statistics `[rows, 2]`, γ `[columns]`, deltas `[tasks, rows, columns]`, input
/// gradients alike (may be the deltas).
public struct LayerNormInputGradient: PrimitiveDescription {
    public var rows: Int
    public var columns: Int
    public var tasks: Int

    public init(rows: Int, columns: Int, tasks: Int = 1) {
        self.rows = rows
        self.columns = columns
        self.tasks = tasks
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 4 * rows * columns * (1 + 2 * tasks) }
}

/// The derivatives of ``LayerNorm`` by γ and β: `dγ[k] = Σ_rows dy[k]∘x̂`, `dβ[k] = Σ_rows dy[k]`.
///
/// Operands: input `[rows, columns]`, statistics `[rows, 2]`, deltas `[tasks, rows, columns]`, dγ `[tasks, columns]`,
/// dβ `[tasks, columns]`.
public struct LayerNormParameterGradient: PrimitiveDescription {
    public var rows: Int
    public var columns: Int
    public var tasks: Int

    public init(rows: Int, columns: Int, tasks: Int = 1) {
        self.rows = rows
        self.columns = columns
        self.tasks = tasks
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 4 * rows * columns * (1 + tasks) }
}
