import Foundation

/// Multi-task learning by excess risks (ExcessMTL): more weight for tasks that are far from their best.
///
/// The excess risk of a task is estimated as `eᵢ = Σ g²/√(S + 1e-7)` with the sum S of all squared gradients so far, relative
/// to its first value; the weights are multiplied by `exp(η·eᵢ)` and scaled to sum to 1. The first step uses `e` itself, as
/// the authors do; with `warmUp` steps of equal weights the mean of those is what later ones are relative to. Remembers S, a
/// row per task.
///
/// O(K·n) for n shared parameters.
///
/// Parameters: `stepSize` η = 1, `warmUp` = 0.
///
/// Source: He, Zhou, Zhang, Zhao, "Robust Multi-Task Learning with Excess Risks", ICML 2024.
public struct ExcessMTL: JacobianAggregator {
    public static let name = "excess-mtl"
    public static let reduction = Reduction.mean
    private static let squares = "squares"

    public var stepSize: Double
    public var warmUp: Int
    private var steps = 0
    private var weights = TaskShares()
    /// Sum of the excess risks of the steps that are the measure, and their number, by number of the task.
    private var initial: [Double] = []
    private var counts: [Int] = []

    public init(_ parameters: inout MethodParameters) throws(WeightingError) {
        stepSize = try parameters.nonNegative("stepSize", default: 1)
        warmUp = try parameters.integer("warmUp", default: 0, atLeast: 0)
    }

    public mutating func reset() { (steps, weights, initial, counts) = (0, TaskShares(), [], []) }

    public mutating func aggregate<Rows: GradientRows>(
        _ rows: Rows, memory: inout RowMemory<Rows>, in step: StepContext
    ) throws -> Aggregate<Rows> {
        steps += 1
        if initial.count != step.taskCount {
            initial = Array(repeating: 0, count: step.taskCount)
            counts = Array(repeating: 0, count: step.taskCount)
        }
        let squares = try rows.squared()
        let before = try memory[ExcessMTL.squares] ?? rows.zeros(rows: step.taskCount)
        let sums = try before.selecting(step.tasks) + squares
        memory[ExcessMTL.squares] = try before.replacing(step.tasks, with: sums)
        var excess = try (squares / sums.affine(scale: 1, shift: 1e-7).squareRoot()).sums()
        let isWarmingUp = steps <= warmUp
        for (row, task) in step.tasks.enumerated() {
            if isWarmingUp || counts[task] == 0 {
                initial[task] += excess[row]
                counts[task] += 1
            } else {
                excess[row] /= initial[task] / Double(counts[task]) + 1e-7
            }
        }
        let shares = weights.of(step)
        var new = shares
        if !isWarmingUp {
            // As logarithms: a large excess risk saturates instead of overflowing.
            new = Simplex.softmax(zip(shares, excess).map { log(max($0, .leastNormalMagnitude)) + stepSize * $1 })
            weights.set(new, in: step)
        }
        return Aggregate(direction: try rows.combined(with: new), weights: new)
    }
}
