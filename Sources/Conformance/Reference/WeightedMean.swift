import Compute

extension Reference {
    /// The mean and `1 / Σ weights`.
    static func weightedMean(values: [Float], weights: [Float]) -> [Estimate] {
        let weightSum = weights.map { Estimate($0) }.sum()
        guard weightSum.value != 0 else { return [0, 0] }
        return [values.map { Estimate($0) }.sum() / weightSum, 1 / weightSum]
    }
}
