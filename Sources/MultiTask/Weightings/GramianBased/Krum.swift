/// Krum: the gradients with the nearest neighbours, for tasks of which some may be broken.
///
/// The score of a gradient is the sum of its `K - byzantine - 2` smallest distances to others; the `selected` gradients
/// with the lowest scores get equal weights.
///
/// O(K² log K), independent of the number of parameters.
///
/// Parameters: `byzantine` = 0, how many gradients may be arbitrary, of at least `byzantine + 3`; `selected` = 1.
///
/// Source: Blanchard, El Mhamdi, Guerraoui, Stainer, "Machine Learning with Adversaries: Byzantine Tolerant Gradient
/// Descent", NeurIPS 2017.
public struct Krum: GramianWeighting {
    public static let name = "krum"
    public static let reduction = Reduction.mean

    public var byzantine: Int
    public var selected: Int

    /// - Precondition: `byzantine` is not negative, `selected` at least 1.
    public init(byzantine: Int = 0, selected: Int = 1) {
        precondition(byzantine >= 0 && selected >= 1, "Krum: byzantine \(byzantine), selected \(selected)")
        (self.byzantine, self.selected) = (byzantine, selected)
    }

    public init(_ parameters: inout MethodParameters) throws(WeightingError) {
        byzantine = try parameters.integer("byzantine", default: 0, atLeast: 0)
        selected = try parameters.integer("selected", default: 1, atLeast: 1)
    }

    public func weights(for gramian: SquareMatrix, in step: StepContext) throws(WeightingError) -> [Double] {
        let size = gramian.size
        let minimum = max(byzantine + 3, selected)
        guard size >= minimum else {
            throw .badTaskCount(method: Krum.name, found: size, expected: "at least \(minimum)")
        }
        var distances = [Double](repeating: 0, count: size - 1)
        let scores = (0..<size).map { row in
            for other in 0..<size where other != row {
                distances[other < row ? other : other - 1] =
                    max(gramian[row, row] + gramian[other, other] - 2 * gramian[row, other], 0).squareRoot()
            }
            distances.sort()
            return distances.prefix(size - byzantine - 2).reduce(0, +)
        }
        var weights = [Double](repeating: 0, count: size)
        for row in scores.indices.sorted(by: { (scores[$0], $0) < (scores[$1], $1) }).prefix(selected) {
            weights[row] = 1 / Double(selected)
        }
        return weights
    }
}
