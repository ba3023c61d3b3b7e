import Compute

extension Reference {
    /// - Parameter previous: what the result holds before, if it accumulates.
    static func weightedRowSum(
        _ rowSum: WeightedRowSum, matrix: [Float], weights: [Float], previous: [Float]?
    ) -> [Estimate] {
        (0..<rowSum.columns).map { column in
            var sum = Sum()
            for row in 0..<rowSum.rows { sum.add(weights[row], times: matrix[row * rowSum.stride + column]) }
            if let previous { sum.add(Estimate(previous[column])) }
            return sum.total(.sequence)
        }
    }
}
