import Compute

/// Gramians of few and many rows, around the length of a tile, of dense rows and of rows in a larger matrix, of one
/// matrix and of two.
enum GramianCases {
    static var all: [ConformanceCase] {
        [1, 2, 3, 8, 17, 33].flatMap { rows in
            [1, 3, 17, 65, 257, 1000, 4095, 4096, 4097, 10_000].filter { rows * $0 <= 100_000 }.flatMap { columns in
                [0, 5].map { make(Gramian(rows: rows, columns: columns, stride: columns + $0)) }
            }
        }
            + [(1, 17), (2, 65), (3, 4097), (5, 33), (20, 8193), (33, 257)].map { rows, columns in
                make(Gramian(rows: rows, columns: columns, stride: columns + 3), matrices: 2)
            }
            + [
                make(Gramian(rows: 2, columns: 130_003, stride: 130_003)),
                make(Gramian(rows: 20, columns: 8193, stride: 8200)),
                make(Gramian(rows: 3, columns: 65_536, stride: 65_600)),
                make(Gramian(rows: 65, columns: 130, stride: 130)),
            ]
    }

    private static func make(_ gramian: Gramian, matrices: Int = 1) -> ConformanceCase {
        let name =
            "\(gramian.rows)x\(gramian.columns) stride \(gramian.stride)" + (matrices > 1 ? " of two matrices" : "")
        return ConformanceCase("Gramian", name, .gramian(gramian)) { data in
            let count = (gramian.rows - 1) * gramian.stride + gramian.columns
            let left = data.floats(count)
            let right = matrices > 1 ? data.floats(count) : left
            var trial = Trial(.gramian(gramian))
            trial.input("left", left)
            trial.input("right", right)
            trial.output("partial sums", Reference.gramian(gramian, left: left, right: right))
            return trial
        }
    }
}
