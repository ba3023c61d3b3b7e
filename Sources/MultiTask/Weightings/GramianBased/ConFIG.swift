/// Conflict-free inverse gradients (ConFIG): a direction with equal cosines to all gradients, as long as their projections
/// on it together.
///
/// The direction is `U⁺·1` for the unit gradients U, on coefficients `x = D⁻¹·C⁺·1` with the cosines C; then
/// `w = x·Σᵢ(G·x)ᵢ / xᵀGx`. U is not needed, although the authors use it.
///
/// O(K³), independent of the number of parameters.
///
/// Source: Liu, Chu, Thuerey, "ConFIG: Towards Conflict-free Training of Physics Informed Neural Networks",
/// arXiv 2408.11104, 2024.
public struct ConFIG: GramianWeighting {
    public static let name = "config"
    public static let reduction = Reduction.sum

    public init() {}
    public init(_ parameters: inout MethodParameters) throws(WeightingError) {}

    public func weights(for gramian: SquareMatrix, in step: StepContext) -> [Double] {
        let problem = CosineProblem(gramian)
        let solution = problem.cosines.leastNormSolution(Array(repeating: 1, count: problem.count))
        let products = problem.cosines.times(solution)
        let square = zip(solution, products).reduce(0) { $0 + $1.0 * $1.1 }
        let length = zip(problem.norms, products).reduce(0) { $0 + $1.0 * $1.1 }
        let factor = square > 1e-12 * Double(max(problem.count, 1)) ? length / square : 0
        return problem.weights(ofUnitVectors: solution.map { $0 * factor }, rest: 0)
    }
}
