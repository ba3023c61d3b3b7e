import Compute

/// Reductions along rows, columns and middle axes, short and long enough for several passes.
enum ReductionCases {
    static var all: [ConformanceCase] {
        Reduction.Function.allCases.flatMap { function in
            extents.flatMap { outer, axis, inner in
                make(Reduction(function, outer: outer, axis: axis, inner: inner))
            }
        }
    }

    private static let extents =
        [1, 3, 17, 33, 65, 130, 257, 1000, 4097].flatMap { axis in
            [(1, axis, 1), (5, axis, 1), (1, axis, 17), (3, axis, 5)]
        } + [
            (257, 33, 1), (1000, 3, 1), (1, 33, 1000), (1, 1000, 130), (130, 17, 33), (17, 1, 65), (1, 65537, 1),
            (1, 300_001, 1), (2, 50_021, 3), (1, 10_007, 20), (100_003, 2, 1), (1, 3, 100_003),
            (1, 500, 1100),
        ]

    /// What the elements are.
    private enum Values: String, Sendable {
        case mixed
        /// Far from zero, so that rounding does not cancel.
        case positive
        case ties
        case large
        case infinite
        case notANumber
    }

    private static func make(_ reduction: Reduction) -> [ConformanceCase] {
        let kinds: [Values] =
            switch reduction.function {
            case .sum, .mean, .sumOfSquares: [.mixed, .positive]
            case .maximum, .minimum, .argmax: [.mixed, .ties]
            case .logSumExp: [.mixed, .large]
            }
        let special: [Values] = reduction.axis > 2 && reduction.axis <= 1000 ? [.infinite, .notANumber] : []
        return (kinds + special).map { values in
            let name = "\(reduction.function) \(reduction.outer)x\(reduction.axis)x\(reduction.inner) \(values)"
            return ConformanceCase("Reduction", name, .reduction(reduction)) { data in
                let input = input(of: reduction, values, &data)
                var trial = Trial(.reduction(reduction))
                trial.input("input", input)
                if reduction.function == .argmax {
                    trial.output("result", integers: Reference.argmax(reduction, input: input))
                } else {
                    trial.output("result", Reference.reduction(reduction, input: input))
                }
                return trial
            }
        }
    }

    private static func input(of reduction: Reduction, _ values: Values, _ data: inout CaseData) -> [Float] {
        let count = reduction.outer * reduction.axis * reduction.inner
        switch values {
        case .mixed: return data.floats(count, in: -3...3)
        case .positive: return data.floats(count, in: 1...2)
        case .ties: return data.halves(count)
        case .large: return data.floats(count, in: 9_000...10_000)
        case .infinite, .notANumber:
            // About one of each in a line, so that other lines show that nothing spills over.
            return data.floats(count).map { number in
                switch data.integer(below: 2 * reduction.axis) {
                case 0: values == .notANumber ? .nan : .infinity
                case 1: -.infinity
                default: number
                }
            }
        }
    }
}
