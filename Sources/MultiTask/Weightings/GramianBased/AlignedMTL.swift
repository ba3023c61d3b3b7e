/// Independent component alignment (Aligned-MTL): gives the gradients' principal components equal lengths.
///
/// With `G = VΛVᵀ`, restricted to eigenvalues above rounding, `w = √s · V·Λ^(-½)·Vᵀ·p` with p = 1/K each. The common length
/// `s` is the smallest eigenvalue, the lower median or the mean of them.
///
/// O(K³), independent of the number of parameters.
///
/// Parameter: `scale` = `min`, `median` or `rmse`.
///
/// Source: Senushkin, Patakin, Kuznetsov, Konushin, "Independent Component Alignment for Multi-Task Learning", CVPR 2023,
/// algorithm 1.
public struct AlignedMTL: GramianWeighting {
    public enum Scale: String, Hashable, Codable, Sendable, CaseIterable { case min, median, rmse }

    public static let name = "aligned-mtl"
    public static let reduction = Reduction.mean

    public var scale: Scale

    public init(scale: Scale = .min) { self.scale = scale }

    public init(_ parameters: inout MethodParameters) throws(WeightingError) {
        scale = try parameters.choice("scale", default: Scale.min)
    }

    public func weights(for gramian: SquareMatrix, in step: StepContext) -> [Double] {
        let eigen = SymmetricEigen(gramian)
        let kept = eigen.values.indices.filter(eigen.isKept).map { eigen.values[$0] }
        guard let smallest = kept.first else { return Array(repeating: 0, count: gramian.size) }
        let length =
            switch scale {
            case .min: smallest
            case .median: kept[(kept.count - 1) / 2]
            case .rmse: kept.reduce(0, +) / Double(kept.count)
            }
        let share = [Double](repeating: 1 / Double(gramian.size), count: gramian.size)
        return eigen.apply(to: share) { (length / $0).squareRoot() }
    }
}
