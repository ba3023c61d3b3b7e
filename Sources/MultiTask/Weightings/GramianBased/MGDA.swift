/// The multiple-gradient descent algorithm (MGDA): the shortest vector in the convex hull of the gradients.
///
/// `w = argmin wᵀGw` over the simplex, exactly: with `y = t·w` and any `c > 0` it is the direction of
/// `argmin yᵀ(G + c·11ᵀ)y - 2c·1ᵀy` over `y ≥ 0`. The result makes an angle of at most 90° with every gradient, and is zero
/// where the point is Pareto-stationary. The method favours small gradients; the option `normalize` divides the
/// gradients by their norms, losses or both first, as the second source does.
///
/// O(K³) typically, independent of the number of parameters.
///
/// Source: Désidéri, "Multiple-Gradient Descent Algorithm (MGDA) for Multiobjective Optimization", Comptes Rendus
/// Mathematique 350, 2012; Sener, Koltun, "Multi-Task Learning as Multi-Objective Optimization", NeurIPS 2018.
public struct MGDA: GramianWeighting {
    public static let name = "mgda"
    public static let reduction = Reduction.mean

    public init() {}
    public init(_ parameters: inout MethodParameters) throws(WeightingError) {}

    public func weights(for gramian: SquareMatrix, in step: StepContext) -> [Double] {
        let problem = CosineProblem(gramian)
        guard let shortest = problem.norms.min() else { return Array(repeating: 0, count: gramian.size) }
        // In units of the shortest gradient, with c = 1, and scaled to ones on the diagonal.
        let lengths = problem.norms.map { $0 / shortest }
        let scales = lengths.map { ($0 * $0 + 1).squareRoot() }
        var matrix = problem.cosines
        for row in 0..<problem.count {
            for column in 0..<problem.count where column != row {
                let product = matrix[row, column] * (lengths[row] / scales[row]) * (lengths[column] / scales[column])
                matrix[row, column] = product + 1 / scales[row] / scales[column]
            }
        }
        var solver = NonnegativeQuadratic(matrix)
        solver.solve { 1 / scales[$0] }
        var weights = [Double](repeating: 0, count: gramian.size)
        for (position, index) in problem.active.enumerated() {
            weights[index] = solver.solution[position] / scales[position]
        }
        let sum = weights.reduce(0, +)
        return sum > 0 ? weights.map { $0 / sum } : weights
    }
}
