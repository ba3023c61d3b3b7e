import Compute

/// Weighted means of short and long vectors, and of rows that all weigh nothing.
enum WeightedMeanCases {
    static var all: [ConformanceCase] {
        [1, 3, 17, 33, 65, 130, 257, 1000, 4097, 100_003].flatMap { count in
            [make(count: count, weights: 0.1...3), make(count: count, weights: 0...0)]
        }
    }

    private static func make(count: Int, weights range: ClosedRange<Float>) -> ConformanceCase {
        let mean = WeightedMean(count: count)
        let name = "\(count)\(range.upperBound == 0 ? " without weight" : "")"
        return ConformanceCase("WeightedMean", name, .weightedMean(mean)) { data in
            let weights = data.floats(count, in: range)
            let values = weights.map { $0 * data.float(in: 0...4) }
            var trial = Trial(.weightedMean(mean))
            trial.input("values", values)
            trial.input("weights", weights)
            trial.output("result", Reference.weightedMean(values: values, weights: weights))
            return trial
        }
    }
}
