/// Multi-objective gradient with double sampling (MoDo): MGDA's weights by single gradient steps without bias.
///
/// `λ ← Π(λ - γ·(J₁J₂ᵀλ + ρλ))` with the projection Π onto the simplex and the gradients J₁, J₂ of two independent batches.
/// Here they are those of this step and of the step before: that costs no further pass, and the batches are independent; the
/// parameters of the other batch are one step old. The first step uses its own batch twice. The direction is `Σ λᵢgᵢ` of
/// this step. Remembers λ and the rows of the step before.
///
/// O(K²·n) for n shared parameters.
///
/// Parameters: `gamma` = 0.001, `rho` = 0.1.
///
/// Source: Chen, Fernando, Ying, Chen, "Three-Way Trade-Off in Multi-Objective Learning: Optimization, Generalization and
/// Conflict-Avoidance", NeurIPS 2023.
public struct MoDo: JacobianAggregator {
    public static let name = "modo"
    public static let reduction = Reduction.mean

    public var gamma: Double
    public var rho: Double
    private var weights = TaskShares()

    public init(_ parameters: inout MethodParameters) throws(WeightingError) {
        gamma = try parameters.nonNegative("gamma", default: 1e-3)
        rho = try parameters.nonNegative("rho", default: 0.1)
    }

    public mutating func reset() { weights = TaskShares() }

    public mutating func aggregate<Rows: GradientRows>(
        _ rows: Rows, memory: inout RowMemory<Rows>, in step: StepContext
    ) throws -> Aggregate<Rows> {
        let products = try memory.productsWithStepBefore(rows, in: step)
        let shares = weights.of(step)
        let slopes = products.times(shares)
        let new = Simplex.projection(of: shares.indices.map { shares[$0] - gamma * (slopes[$0] + rho * shares[$0]) })
        weights.set(new, in: step)
        return Aggregate(direction: try rows.combined(with: new), weights: new)
    }
}
