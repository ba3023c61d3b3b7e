/// The Nash bargaining solution (Nash-MTL): weights with `(G·w)ᵢ = 1/wᵢ`, all positive.
///
/// The only solution that is Pareto-optimal, symmetric, independent of irrelevant alternatives and of the losses' scales. The
/// direction then has norm √K; the authors limit it to `maxNorm`. Found exactly by damped Newton steps, where
/// the authors linearise and fail on gradients that conflict.
///
/// O(K³) per step of about ten, independent of the number of parameters.
///
/// Parameter: `maxNorm` = 1, the largest norm of the direction; 0 does not limit it.
///
/// Source: Navon et al., "Multi-Task Learning as a Bargaining Game", ICML 2022.
public struct NashMTL: GramianWeighting {
    public static let name = "nash-mtl"
    public static let reduction = Reduction.sum

    public var maxNorm: Double

    /// - Precondition: `maxNorm` is not negative.
    public init(maxNorm: Double = 1) {
        precondition(maxNorm >= 0, "NashMTL: maxNorm \(maxNorm)")
        self.maxNorm = maxNorm
    }

    public init(_ parameters: inout MethodParameters) throws(WeightingError) {
        maxNorm = try parameters.nonNegative("maxNorm", default: 1)
    }

    public func weights(for gramian: SquareMatrix, in step: StepContext) -> [Double] {
        let weights = FairAllocation.weights(CosineProblem(gramian), alpha: 1)
        let norm = max(gramian.quadraticForm(weights), 0).squareRoot()
        return maxNorm > 0 && norm > maxNorm ? weights.map { $0 * maxNorm / norm } : weights
    }
}
