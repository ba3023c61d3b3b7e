/// Mean and reciprocal standard deviation of every channel, and the running statistics.
///
/// Operands: input `[rows, channels]`, mean `[channels]`, reciprocal deviation `[channels]`, and, if
/// ``updatesRunning``, running mean and running variance, which move by `momentum` towards the batch's mean and unbiased
/// variance (PyTorch's convention). Scalars: ε, momentum.
///
/// The deviation is that of the whole batch (biased) plus ε under the root. Two passes: the variance is summed around the
/// mean. Source: Ioffe, Szegedy, "Batch Normalization", ICML 2015.
public struct BatchNormStatistics: PrimitiveDescription {
    public var rows: Int
    public var channels: Int
    public var updatesRunning: Bool

    public init(rows: Int, channels: Int, updatesRunning: Bool) {
        self.rows = rows
        self.channels = channels
        self.updatesRunning = updatesRunning
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 4 * (rows + 2) * channels }
}

/// `y = activation((x - mean)·reciprocalDeviation·γ + β)` per channel.
///
/// Operands: input `[rows, channels]`, mean, reciprocal deviation, γ, β (each `[channels]`), output (may be the input).
public struct BatchNormApply: PrimitiveDescription {
    public var rows: Int
    public var channels: Int
    public var activation: Activation

    public init(rows: Int, channels: Int, activation: Activation = .none) {
        self.rows = rows
        self.channels = channels
        self.activation = activation
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 8 * rows * channels }
}

/// The derivatives for γ and β: `dγ[k] = Σ_rows dy[k]·x̂`, `dβ[k] = Σ_rows dy[k]`.
///
/// Operands: input `[rows, channels]`, mean, reciprocal deviation, deltas `[tasks, rows, channels]`,
/// dγ `[tasks, channels]`, dβ `[tasks, channels]`.
public struct BatchNormParameterGradient: PrimitiveDescription {
    public var rows: Int
    public var channels: Int
    public var tasks: Int

    public init(rows: Int, channels: Int, tasks: Int = 1) {
        self.rows = rows
        self.channels = channels
        self.tasks = tasks
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 4 * rows * channels * (1 + tasks) }
}

/// The derivative for the input with the batch's own statistics:
/// `dx[k] = γ·r·(dy[k] - dβ[k]/rows - x̂·dγ[k]/rows)`.
///
/// Operands: input `[rows, channels]`, mean, reciprocal deviation r, γ, deltas `[tasks, rows, channels]`,
/// dγ and dβ `[tasks, channels]` of ``BatchNormParameterGradient``, input gradients `[tasks, rows, channels]`.
public struct BatchNormInputGradient: PrimitiveDescription {
    public var rows: Int
    public var channels: Int
    public var tasks: Int

    public init(rows: Int, channels: Int, tasks: Int = 1) {
        self.rows = rows
        self.channels = channels
        self.tasks = tasks
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 4 * rows * channels * (1 + 2 * tasks) }
}
