import Compute

/// Softmax and log-softmax on short and long rows, very large logits, infinities and NaN, and their derivatives.
enum SoftmaxCases {
    static var all: [ConformanceCase] {
        [false, true].flatMap { logarithm in
            extents.flatMap { rows, columns in
                [(0, false), (1, false), (2, true)].map { index, inPlace in
                    forward(
                        Softmax(rows: rows, columns: columns, logarithm: logarithm), Values.allCases[index],
                        inPlace: inPlace)
                }
                    + [1, 3].map { tasks in
                        gradient(SoftmaxGradient(rows: rows, columns: columns, logarithm: logarithm, tasks: tasks))
                    }
            }
        }
    }

    private static let extents = [
        (1, 1), (1, 3), (3, 17), (17, 10), (33, 33), (65, 3), (5, 65), (3, 130), (2, 257), (33, 1000), (1, 4097),
        (1000, 10), (2, 50_021),
    ]

    private enum Values: String, CaseIterable, Sendable { case mixed, large, special }

    private static func forward(_ softmax: Softmax, _ values: Values, inPlace: Bool) -> ConformanceCase {
        let name =
            "\(softmax.logarithm ? "logarithm " : "")\(softmax.rows)x\(softmax.columns) \(values)"
            + (inPlace ? " in place" : "")
        return ConformanceCase("Softmax", name, .softmax(softmax)) { data in
            let count = softmax.rows * softmax.columns
            let input =
                switch values {
                case .mixed: data.floats(count, in: -6...6)
                case .large: data.floats(count, in: -10_000...10_000)
                case .special:
                    // NaN in about every fourth row, infinity in another fourth; -∞ counts nothing.
                    data.floats(count).map { number -> Float in
                        switch data.integer(below: 4 * softmax.columns) {
                        case 0: .nan
                        case 1: .infinity
                        default: number < -0.8 ? -.infinity : number
                        }
                    }
                }
            let expected = Reference.softmax(softmax, input: input)
            var trial = Trial(.softmax(softmax))
            trial.input("input", input)
            if inPlace { trial.output(inPlaceOf: 0, expected) } else { trial.output("output", expected) }
            return trial
        }
    }

    private static func gradient(_ gradient: SoftmaxGradient) -> ConformanceCase {
        let name =
            "\(gradient.logarithm ? "logarithm " : "")gradient \(gradient.rows)x\(gradient.columns) tasks \(gradient.tasks)"
        return ConformanceCase("Softmax", name, .softmaxGradient(gradient)) { data in
            let softmax = Softmax(rows: gradient.rows, columns: gradient.columns, logarithm: gradient.logarithm)
            let input = data.floats(gradient.rows * gradient.columns, in: -3...3)
            let saved = Reference.softmax(softmax, input: input).map { Float($0.value) }
            let deltas = data.floats(gradient.tasks * gradient.rows * gradient.columns)
            var trial = Trial(.softmaxGradient(gradient))
            trial.input("output", saved)
            trial.input("deltas", deltas)
            trial.output("input gradients", Reference.softmaxGradient(gradient, saved: saved, deltas: deltas))
            return trial
        }
    }
}
