import Compute

/// Weighted sums of few and many rows, short and long, with gaps between them.
enum WeightedRowSumCases {
    static var all: [ConformanceCase] {
        [1, 2, 3, 8, 17, 33].flatMap { rows in
            [1, 3, 17, 33, 65, 257, 1000, 10_007].flatMap { columns in
                [0, 7].flatMap { gap in
                    [false, true].map { accumulate in
                        make(
                            WeightedRowSum(
                                rows: rows, columns: columns, stride: columns + gap, accumulate: accumulate))
                    }
                }
            }
        }
            + [
                make(WeightedRowSum(rows: 3, columns: 100_003, stride: 100_100)),
                make(WeightedRowSum(rows: 1000, columns: 33, stride: 33)),
            ]
    }

    private static func make(_ rowSum: WeightedRowSum) -> ConformanceCase {
        let name =
            "\(rowSum.rows)x\(rowSum.columns) stride \(rowSum.stride)\(rowSum.accumulate ? " accumulate" : "")"
        return ConformanceCase("WeightedRowSum", name, .weightedRowSum(rowSum)) { data in
            let matrix = data.floats((rowSum.rows - 1) * rowSum.stride + rowSum.columns)
            let weights = data.floats(rowSum.rows)
            let previous = rowSum.accumulate ? data.floats(rowSum.columns) : nil
            var trial = Trial(.weightedRowSum(rowSum))
            trial.input("matrix", matrix)
            trial.input("weights", weights)
            trial.output(
                "result", Reference.weightedRowSum(rowSum, matrix: matrix, weights: weights, previous: previous),
                contents: previous)
            return trial
        }
    }
}
