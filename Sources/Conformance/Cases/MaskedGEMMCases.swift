import Compute

/// Products of stacked matrices with common zeros: few, many and no zeros, whole rows of them, and numbers of tasks around
/// the tiles' heights.
enum MaskedGEMMCases {
    static var all: [ConformanceCase] {
        let sizes = [(1, 1, 1), (3, 17, 5), (5, 33, 65), (17, 65, 33), (2, 64, 130), (33, 130, 257)]
        var count = 0
        return sizes.flatMap { rows, columns, inner in
            [1, 2, 4, 7, 8, 9, 15, 20].map { tasks in
                count += 1
                return make(
                    MaskedGEMM(
                        tasks: tasks, rows: rows, columns: columns, inner: inner, accumulate: count.isMultiple(of: 2)),
                    zeros: [0, 0.5, 0.9, 1][count % 4])
            }
        }
    }

    /// - Parameter zeros: the share of zeros in the mask.
    private static func make(_ product: MaskedGEMM, zeros: Float) -> ConformanceCase {
        let name =
            "\(product.tasks) of \(product.rows)x\(product.columns)x\(product.inner), \(Int(100 * zeros)) % zeros"
            + (product.accumulate ? " accumulate" : "")
        return ConformanceCase("MaskedGEMM", name, .maskedGEMM(product)) { data in
            let size = product.rows * product.inner
            let mask = data.floats(size, in: 0...1).map { $0 < zeros ? 0 : $0 + 1 }
            let a = data.floats(product.tasks * size, in: -2...2).enumerated().map { mask[$0 % size] == 0 ? 0 : $1 }
            let b = data.floats(product.columns * product.inner, in: -2...2)
            let count = product.tasks * product.rows * product.columns
            let previous = product.accumulate ? data.floats(count, in: -4...4) : nil
            var trial = Trial(.maskedGEMM(product))
            trial.input("A", a)
            trial.input("B", b)
            trial.output("C", Reference.maskedGEMM(product, a: a, b: b, c: previous), contents: previous)
            trial.input("mask", mask)
            return trial
        }
    }
}
