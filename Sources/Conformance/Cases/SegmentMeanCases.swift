import Compute

/// Means over segments of rows, also empty ones, with rows before and behind that belong to none, and the derivative.
enum SegmentMeanCases {
    static var all: [ConformanceCase] {
        [(1, 1, 1), (17, 3, 3), (33, 2, 17), (65, 5, 65), (5, 33, 16), (100, 4, 384)].flatMap { rows, segments, width in
            [forward(SegmentMean(rows: rows, segments: segments, width: width))]
                + [1, 3].map {
                    gradient(SegmentMeanGradient(rows: rows, segments: segments, width: width, tasks: $0))
                }
        }
    }

    private static func starts(_ rows: Int, _ segments: Int, _ data: inout CaseData) -> [Int32] {
        (0...segments).map { _ in Int32(data.integer(below: rows + 1)) }.sorted()
    }

    private static func forward(_ mean: SegmentMean) -> ConformanceCase {
        ConformanceCase("SegmentMean", "\(mean.segments) of \(mean.rows)x\(mean.width)", .segmentMean(mean)) { data in
            let input = data.floats(mean.rows * mean.width)
            let starts = starts(mean.rows, mean.segments, &data)
            var trial = Trial(.segmentMean(mean))
            trial.input("input", input)
            trial.input("starts", integers: starts)
            trial.output("result", Reference.segmentMean(mean, input: input, starts: starts))
            return trial
        }
    }

    private static func gradient(_ gradient: SegmentMeanGradient) -> ConformanceCase {
        let name = "gradient \(gradient.segments) of \(gradient.rows)x\(gradient.width) tasks \(gradient.tasks)"
        return ConformanceCase("SegmentMean", name, .segmentMeanGradient(gradient)) { data in
            let starts = starts(gradient.rows, gradient.segments, &data)
            let deltas = data.floats(gradient.tasks * gradient.segments * gradient.width)
            var trial = Trial(.segmentMeanGradient(gradient))
            trial.input("starts", integers: starts)
            trial.input("deltas", deltas)
            trial.output("input gradients", Reference.segmentMeanGradient(gradient, starts: starts, deltas: deltas))
            return trial
        }
    }
}
