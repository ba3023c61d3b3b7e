import Foundation

/// Priority-constrained descent (PCD): follows the first task, and guarantees the others a share of their progress.
///
/// Every gradient is divided by the root of a moving average of its squared norm, `g̃ᵢ = gᵢ/√(v̂ᵢ + ε)`. The direction nearest
/// to g̃₀ with `g̃ⱼ·x ≥ τ·‖g̃ⱼ‖²` for all other tasks is `g̃₀ + Σ μⱼg̃ⱼ`, and is scaled to the norm of g₀. Where no direction
/// satisfies all, it is g₀. Of the tasks that take part, the one with the lowest number is the first.
///
/// O(K³) typically, independent of the number of parameters. Remembers the averages.
///
/// Parameters: `tau` = 0.02, `beta` = 0.999 of the average, `epsilon` = 1e-8.
///
/// Source: "Not All Objectives Are Born Equal: Priority-Constrained Descent for Hierarchical Multi-Objective Optimization",
/// TMLR 2026, arXiv 2606.29521.
public struct PCD: GramianWeighting {
    public static let name = "pcd"
    public static let reduction = Reduction.sum

    public var tau: Double
    public var beta: Double
    public var epsilon: Double
    /// By number of the task.
    private var averages: [Double] = []
    private var steps: [Int] = []

    /// - Precondition: `tau` in 0...1, `beta` in 0..<1, `epsilon` not negative.
    public init(tau: Double = 0.02, beta: Double = 0.999, epsilon: Double = 1e-8) {
        precondition((0...1).contains(tau) && (0..<1).contains(beta) && epsilon >= 0, "PCD: \(tau), \(beta), \(epsilon)")
        (self.tau, self.beta, self.epsilon) = (tau, beta, epsilon)
    }

    public init(_ parameters: inout MethodParameters) throws(WeightingError) {
        tau = try parameters.share("tau", default: 0.02)
        beta = try parameters.fraction("beta", default: 0.999)
        epsilon = try parameters.nonNegative("epsilon", default: 1e-8)
    }

    public mutating func reset() { (averages, steps) = ([], []) }

    public mutating func weights(for gramian: SquareMatrix, in step: StepContext) -> [Double] {
        if averages.count != step.taskCount {
            averages = Array(repeating: 0, count: step.taskCount)
            steps = Array(repeating: 0, count: step.taskCount)
        }
        var scales = [Double](repeating: 0, count: gramian.size)
        for (row, task) in step.tasks.enumerated() {
            averages[task] = beta * averages[task] + (1 - beta) * gramian[row, row]
            steps[task] += 1
            let average = averages[task] / (1 - pow(beta, Double(steps[task]))) + epsilon
            scales[row] = average > 0 ? 1 / average.squareRoot() : 0
        }
        var weights = [Double](repeating: 0, count: gramian.size)
        guard gramian.size > 0, gramian[0, 0] > 0 else { return weights }
        let others = PCD.submatrix(gramian)
        let problem = CosineProblem(others)
        var solver = NonnegativeQuadratic(problem.cosines)
        // In units of unit vectors: μ = coefficient / (scale · norm).
        let isFeasible = solver.solve(hasMinimum: false) { position in
            let row = problem.active[position] + 1
            return tau * scales[row] * problem.norms[position] - scales[0] * gramian[row, 0] / problem.norms[position]
        }
        weights[0] = scales[0]
        if isFeasible {
            for (position, index) in problem.active.enumerated() {
                weights[index + 1] = solver.solution[position] / problem.norms[position]
            }
        }
        let square = gramian.quadraticForm(weights)
        let magnitude = weights.indices.reduce(0) { $0 + abs(weights[$1]) * max(gramian[$1, $1], 0).squareRoot() }
        // A direction that is zero up to rounding has no length to scale.
        guard square > 1e-14 * magnitude * magnitude else { return Array(repeating: 0, count: gramian.size) }
        let factor = (gramian[0, 0] / square).squareRoot()
        return weights.map { $0 * factor }
    }

    /// All but the first row and column.
    private static func submatrix(_ gramian: SquareMatrix) -> SquareMatrix {
        var result = SquareMatrix(size: gramian.size - 1)
        for row in 1..<max(gramian.size, 1) {
            for column in 1..<gramian.size { result[row - 1, column - 1] = gramian[row, column] }
        }
        return result
    }
}
