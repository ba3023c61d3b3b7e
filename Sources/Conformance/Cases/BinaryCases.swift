import Compute

/// Every function with every way to broadcast, in place on either side, with equal and special operands.
enum BinaryCases {
    static var all: [ConformanceCase] {
        Binary.Function.allCases.flatMap { function in
            pairs.map { left, right in make(function, left, right) }
                + [[17], [33, 65]].flatMap { shape in
                    [make(function, shape, shape, inPlaceOf: 0), make(function, shape, shape, inPlaceOf: 1)]
                }
                + [
                    make(function, [33, 17], [17], inPlaceOf: 0), make(function, [17], [33, 17], inPlaceOf: 1),
                    special(function),
                ]
        }
    }

    private static let pairs: [(Shape, Shape)] = [
        ([], []), ([1], [1]), ([3], [3]), ([17], [17]), ([1000], [1000]), ([100_003], [100_003]),
        // One side stretched as a whole, along rows, along columns, in the middle, at both ends.
        ([65], []), ([], [65]), ([100_003], [1]), ([33, 17], [17]), ([17], [33, 17]), ([33, 17], [33, 1]),
        ([33, 1], [33, 17]), ([3, 17, 5], [3, 1, 5]), ([3, 1, 5], [3, 17, 5]), ([5, 7, 3], [1, 7, 1]),
        // Both stretched.
        ([33, 1], [1, 65]), ([1, 65], [33, 1]), ([3, 1, 5, 1], [4, 1, 6]), ([2, 1, 3, 1, 5], [1, 4, 1, 2, 1]),
        // Axes that merge, axes of extent 1, the largest rank.
        ([4, 5, 6], [4, 5, 6]), ([4, 1, 6], [4, 1, 6]), ([2, 3, 4, 5], [4, 5]), ([2, 3, 4, 5], [2, 3, 1, 1]),
        ([2, 1, 2, 1, 3, 1, 2, 1], [1, 3, 1, 2, 1, 2, 1, 5]), ([257, 130], [130]), ([130, 257], [130, 1]),
        ([2, 9, 9, 33], [33]),
    ]

    private static func operands(
        _ function: Binary.Function, _ counts: (Int, Int), _ data: inout CaseData
    ) -> ([Float], [Float]) {
        switch function {
        case .divide:
            return (
                data.floats(counts.0, in: -5...5),
                data.floats(counts.1, in: 0.05...5).map { data.word() & 1 == 0 ? $0 : -$0 }
            )
        case .power: return (data.floats(counts.0, in: 0.01...9), data.floats(counts.1, in: -4...4))
        // Few values, so that many pairs are equal.
        case .greater, .greaterOrEqual, .equal: return (data.halves(counts.0), data.halves(counts.1))
        case .add, .subtract, .multiply, .maximum, .minimum:
            return (data.floats(counts.0, in: -3...3), data.floats(counts.1, in: -3...3))
        }
    }

    private static func make(
        _ function: Binary.Function, _ left: Shape, _ right: Shape, inPlaceOf position: Int? = nil
    ) -> ConformanceCase {
        let binary = Binary(function, left: left, right: right)
        var name = "\(function) \(left) \(right)"
        if let position { name += " in place of \(position == 0 ? "left" : "right")" }
        return ConformanceCase("Binary", name, .binary(binary)) { data in
            let (a, b) = operands(function, (left.count, right.count), &data)
            return trial(binary, a, left, b, right, inPlaceOf: position)
        }
    }

    private static func special(_ function: Binary.Function) -> ConformanceCase {
        let values: [Float] =
            function == .power ? [1, 2, 3, 0, 0.5, 9] : [.nan, .infinity, -.infinity, 0, 1, -1, 1e30, -1e30]
        let others: [Float] = function == .power ? [0, 1, 2, 3, 0.5, 10] : values
        let (left, right): (Shape, Shape) = ([values.count, 1], [others.count])
        let binary = Binary(function, left: left, right: right)
        return ConformanceCase("Binary", "\(function) special values", .binary(binary)) { _ in
            trial(binary, values, left, others, right)
        }
    }

    private static func trial(
        _ binary: Binary, _ left: [Float], _ leftShape: Shape, _ right: [Float], _ rightShape: Shape,
        inPlaceOf position: Int? = nil
    ) -> Trial {
        let expected = Reference.binary(
            binary.function, left: left, leftShape: leftShape, right: right, rightShape: rightShape)
        var trial = Trial(.binary(binary))
        trial.input("left", left)
        trial.input("right", right)
        if let position {
            trial.output(inPlaceOf: position, expected)
        } else {
            trial.output("result", expected)
        }
        return trial
    }
}
