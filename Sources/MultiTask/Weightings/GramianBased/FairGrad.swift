/// Fair resource allocation (FairGrad): weights with `(G·w)ᵢ = wᵢ^(-1/α)`, all positive.
///
/// The progress of the tasks is shared out α-fairly: α → 0 approaches the sum, α = 1 is proportional fairness and the same as
/// ``NashMTL`` without its limit, α → ∞ approaches max-min fairness. The weights are the minimum of the convex function
/// `½·wᵀGw + Σφ(wᵢ)` with `φ' = -w^(-1/α)`, found by damped Newton steps on the cosines.
///
/// O(K³) per step of ten to twenty, independent of the number of parameters.
///
/// Parameter: `alpha` = 1.
///
/// Source: Ban, Ji, "Fair Resource Allocation in Multi-Task Learning", ICML 2024.
public struct FairGrad: GramianWeighting {
    public static let name = "fairgrad"
    public static let reduction = Reduction.sum

    public var alpha: Double

    /// - Precondition: `alpha` is positive.
    public init(alpha: Double = 1) {
        precondition(alpha > 0, "FairGrad: alpha \(alpha)")
        self.alpha = alpha
    }

    public init(_ parameters: inout MethodParameters) throws(WeightingError) {
        alpha = try parameters.positive("alpha", default: 1)
    }

    public func weights(for gramian: SquareMatrix, in step: StepContext) -> [Double] {
        FairAllocation.weights(CosineProblem(gramian), alpha: alpha)
    }
}
