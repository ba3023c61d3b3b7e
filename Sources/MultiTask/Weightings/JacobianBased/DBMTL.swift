import Foundation

/// Dual-balancing multi-task learning (DB-MTL): log losses, and gradients of equal norm.
///
/// In step t, with the gradients ĝ of the log losses: `u ← ĝ + β/t^σ·(u - ĝ)`, and the direction is `Σ uᵢ·maxⱼ‖uⱼ‖/‖uᵢ‖`. Where
/// losses are not known, the rows are taken for the gradients of log losses already. Remembers u, a row per task.
///
/// O(K·n) for n shared parameters.
///
/// Parameters: `beta` = 0.9, `betaDecay` σ = 0.
///
/// Source: Lin et al., "Dual-Balancing for Multi-Task Learning", arXiv 2308.12029, 2023.
public struct DBMTL: JacobianAggregator {
    public static let name = "db-mtl"
    public static let reduction = Reduction.sum
    private static let averages = "averages"

    public var beta: Double
    public var betaDecay: Double
    private var steps = 0

    public init(_ parameters: inout MethodParameters) throws(WeightingError) {
        beta = try parameters.share("beta", default: 0.9)
        betaDecay = try parameters.nonNegative("betaDecay", default: 0)
    }

    public mutating func reset() { steps = 0 }

    public mutating func aggregate<Rows: GradientRows>(
        _ rows: Rows, memory: inout RowMemory<Rows>, in step: StepContext
    ) throws -> Aggregate<Rows> {
        steps += 1
        let share = beta / pow(Double(steps), betaDecay)
        let inverses =
            step.losses == nil
            ? Array(repeating: 1, count: rows.rowCount)
            : try step.requirePositiveLosses(for: DBMTL.name).map { 1 / $0 }
        let before = try memory[DBMTL.averages] ?? rows.zeros(rows: step.taskCount)
        let known = try before.selecting(step.tasks)
        let averages =
            try known.scaled(by: inverses.map { _ in share }) + rows.scaled(by: inverses.map { $0 * (1 - share) })
        memory[DBMTL.averages] = try before.replacing(step.tasks, with: averages)
        let norms = try averages.squared().sums().map { $0.squareRoot() }
        let longest = norms.max() ?? 0
        let weights = norms.map { $0 > 0 ? longest / $0 : 0 }
        return Aggregate(direction: try averages.combined(with: weights), weights: weights)
    }
}
