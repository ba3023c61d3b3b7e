import Foundation

/// Geometric loss strategy (GLS): the loss is `(Π Lᵢ)^(1/K)`, so the weights are `(Π Lⱼ)^(1/K) / (K·Lᵢ)`.
///
/// Needs losses above 0.
///
/// Source: Chennupati, Sistu, Yogamani, Rawashdeh, "MultiNet++: Multi-Stream Feature Aggregation and Geometric Loss Strategy
/// for Multi-Task Learning", CVPR Workshops 2019.
public struct GeometricLoss: LossWeighting {
    public static let name = "gls"
    public static let reduction = Reduction.mean
    public static let needsLosses = true

    public init() {}
    public init(_ parameters: inout MethodParameters) throws(WeightingError) {}

    public func weights(in step: StepContext) throws(WeightingError) -> [Double] {
        let losses = try step.requirePositiveLosses(for: GeometricLoss.name)
        let count = Double(losses.count)
        let mean = exp(losses.reduce(0) { $0 + log($1) } / count)
        return losses.map { mean / (count * $0) }
    }
}
