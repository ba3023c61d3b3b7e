import Foundation

/// Multi-objective gradient with correction (MoCo): MGDA by single gradient steps, on tracked instead of noisy gradients.
///
/// With `ĝᵢ = Lᵢ·gᵢ/‖gᵢ‖` in step t: `y ← y - β/t^σ·(y - ĝ)`, `λ ← softmax(λ - γ/t^σ'·(yyᵀ + ρI)·λ)`, and the direction is
/// `Σ λᵢyᵢ`. Remembers y, a row per task, and λ. Losses that are not known count as 1.
///
/// O(K²·n) for n shared parameters.
///
/// Parameters: `beta` = 0.5, `betaDecay` σ = 0.5, `gamma` = 0.1, `gammaDecay` σ' = 0.5, `rho` = 0.
///
/// Source: Fernando et al., "Mitigating Gradient Bias in Multi-objective Learning: A Provably Convergent Approach",
/// ICLR 2023.
public struct MoCo: JacobianAggregator {
    public static let name = "moco"
    public static let reduction = Reduction.mean
    private static let tracked = "tracked"

    public var beta: Double
    public var betaDecay: Double
    public var gamma: Double
    public var gammaDecay: Double
    public var rho: Double
    private var steps = 0
    private var weights = TaskShares()

    public init(_ parameters: inout MethodParameters) throws(WeightingError) {
        beta = try parameters.share("beta", default: 0.5)
        betaDecay = try parameters.nonNegative("betaDecay", default: 0.5)
        gamma = try parameters.nonNegative("gamma", default: 0.1)
        gammaDecay = try parameters.nonNegative("gammaDecay", default: 0.5)
        rho = try parameters.nonNegative("rho", default: 0)
    }

    public mutating func reset() { (steps, weights) = (0, TaskShares()) }

    public mutating func aggregate<Rows: GradientRows>(
        _ rows: Rows, memory: inout RowMemory<Rows>, in step: StepContext
    ) throws -> Aggregate<Rows> {
        steps += 1
        let time = Double(steps)
        let factors = try rows.squared().sums().enumerated().map { row, square in
            square > 0 ? (step.losses?[row] ?? 1) / square.squareRoot() : 0
        }
        let before = try memory[MoCo.tracked] ?? rows.zeros(rows: step.taskCount)
        let known = try before.selecting(step.tasks)
        let rate = beta / pow(time, betaDecay)
        let ones = [Double](repeating: 1, count: rows.rowCount)
        let tracked = try known.scaled(by: ones.map { $0 - rate }) + rows.scaled(by: factors.map { $0 * rate })
        memory[MoCo.tracked] = try before.replacing(step.tasks, with: tracked)

        var gramian = try tracked.gramian()
        for row in 0..<gramian.size { gramian[row, row] += rho }
        let shares = weights.of(step)
        let slopes = gramian.times(shares)
        let change = gamma / pow(time, gammaDecay)
        let new = Simplex.softmax(zip(shares, slopes).map { $0 - change * $1 })
        weights.set(new, in: step)
        return Aggregate(direction: try tracked.combined(with: new), weights: new)
    }
}
