/// Unconflicting projection of gradients (UPGrad).
///
/// Each task's gradient is projected onto the cone of directions that no task objects to, `{x : gⱼ·x ≥ 0 for all j}`, and
/// the projections are averaged. On coefficients: `vᵢ = argmin vᵀGv` over `v ≥ eᵢ`, and `w = Σᵢ vᵢ / K`. Solved exactly on
/// the cosines, so small gradients count like large ones.
///
/// O(K⁴) in the worst case, independent of the number of parameters.
///
/// Source: Quinton, Rey, "Jacobian Descent for Multi-Objective Optimization", arXiv 2406.16232, 2024.
public struct UPGrad: GramianWeighting {
    public static let name = "upgrad"
    public static let reduction = Reduction.mean

    public init() {}
    public init(_ parameters: inout MethodParameters) throws(WeightingError) {}

    public func weights(for gramian: SquareMatrix, in step: StepContext) -> [Double] {
        let problem = CosineProblem(gramian)
        let cosines = problem.cosines
        var solver = NonnegativeQuadratic(cosines)
        var total = problem.norms
        for task in 0..<problem.count {
            // In units of the task's own norm: the unit vector itself, and what must be added to it.
            solver.solve { -cosines[$0, task] }
            for index in 0..<problem.count { total[index] += problem.norms[task] * solver.solution[index] }
        }
        let share = 1 / Double(gramian.size)
        return problem.weights(ofUnitVectors: total.map { $0 * share }, rest: share)
    }
}
