import Compute

extension Reference {
    static func segmentMean(_ mean: SegmentMean, input: [Float], starts: [Int32]) -> [Estimate] {
        (0..<mean.segments).flatMap { segment -> [Estimate] in
            let rows = Int(starts[segment])..<Int(starts[segment + 1])
            return (0..<mean.width).map { column in
                if rows.isEmpty { return 0 }
                let terms = rows.map { Estimate(input[$0 * mean.width + column]) }
                return terms.inSequence() * (1 / Estimate(Double(rows.count)))
            }
        }
    }

    static func segmentMeanGradient(_ gradient: SegmentMeanGradient, starts: [Int32], deltas: [Float]) -> [Estimate] {
        (0..<gradient.tasks).flatMap { task -> [Estimate] in
            var result = [Estimate](repeating: 0, count: gradient.rows * gradient.width)
            for segment in 0..<gradient.segments {
                let rows = Int(starts[segment])..<Int(starts[segment + 1])
                for row in rows {
                    for column in 0..<gradient.width {
                        let delta = deltas[(task * gradient.segments + segment) * gradient.width + column]
                        result[row * gradient.width + column] = Estimate(delta) * (1 / Estimate(Double(rows.count)))
                    }
                }
            }
            return result
        }
    }
}
