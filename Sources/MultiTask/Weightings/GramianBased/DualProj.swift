/// Projection of the mean gradient onto the cone of directions that no task objects to (DualProj).
///
/// `w = argmin vᵀGv` over `v ≥ 1/K`: the dual form of the projection that gradient episodic memory (GEM) makes. Solved
/// exactly on the cosines.
///
/// O(K³) typically, independent of the number of parameters.
///
/// Source: Lopez-Paz, Ranzato, "Gradient Episodic Memory for Continual Learning", NeurIPS 2017, section 3.
public struct DualProj: GramianWeighting {
    public static let name = "dualproj"
    public static let reduction = Reduction.mean

    public init() {}
    public init(_ parameters: inout MethodParameters) throws(WeightingError) {}

    public func weights(for gramian: SquareMatrix, in step: StepContext) -> [Double] {
        let problem = CosineProblem(gramian)
        let share = 1 / Double(gramian.size)
        let mean = problem.norms.map { $0 * share }
        let products = problem.cosines.times(mean)
        var solver = NonnegativeQuadratic(problem.cosines)
        solver.solve { -products[$0] }
        return problem.weights(ofUnitVectors: zip(mean, solver.solution).map(+), rest: share)
    }
}
