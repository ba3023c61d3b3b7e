/// Stochastic direction-oriented multi-objective gradient descent (SDMGrad): MGDA near the mean gradient.
///
/// `A = J₁J₂ᵀ` of two independent batches, divided by the squared mean of the roots of its diagonal; `iterations` steps of
/// gradient descent with momentum on `A·(w + λ/K)`, projected onto the simplex, from the weights of the step before; the
/// direction is `(Σ wᵢgᵢ + λ·g₀)/(1 + λ)` with the mean gradient g₀. The two batches are those of this step and of the step
/// before, as for ``MoDo``. Remembers w and the rows of the step before.
///
/// O(K²·n) for n shared parameters.
///
/// Parameters: `lambda` = 0.3, `learningRate` = 10, `momentum` = 0.5, `iterations` = 20.
///
/// Source: Xiao, Ban, Ji, "Direction-oriented Multi-objective Learning: Simple and Provable Stochastic Algorithms",
/// NeurIPS 2023.
public struct SDMGrad: JacobianAggregator {
    public static let name = "sdmgrad"
    public static let reduction = Reduction.mean

    public var lambda: Double
    public var learningRate: Double
    public var momentum: Double
    public var iterations: Int
    private var weights = TaskShares()

    public init(_ parameters: inout MethodParameters) throws(WeightingError) {
        lambda = try parameters.nonNegative("lambda", default: 0.3)
        learningRate = try parameters.positive("learningRate", default: 10)
        momentum = try parameters.fraction("momentum", default: 0.5)
        iterations = try parameters.integer("iterations", default: 20, atLeast: 1)
    }

    public mutating func reset() { weights = TaskShares() }

    public mutating func aggregate<Rows: GradientRows>(
        _ rows: Rows, memory: inout RowMemory<Rows>, in step: StepContext
    ) throws -> Aggregate<Rows> {
        let products = try memory.productsWithStepBefore(rows, in: step)
        let count = Double(rows.rowCount)
        let scale = products.diagonal.reduce(0) { $0 + max($1, 0).squareRoot() } / count
        let rate = scale > 0 ? learningRate / (scale * scale) : 0
        var shares = weights.of(step)
        var velocity = [Double](repeating: 0, count: shares.count)
        for _ in 0..<iterations {
            let slopes = products.times(shares.map { $0 + lambda / count })
            for row in velocity.indices { velocity[row] = momentum * velocity[row] + slopes[row] }
            shares = Simplex.projection(of: zip(shares, velocity).map { $0 - rate * $1 })
        }
        weights.set(shares, in: step)
        let new = shares.map { ($0 + lambda / count) / (1 + lambda) }
        return Aggregate(direction: try rows.combined(with: new), weights: new)
    }
}
