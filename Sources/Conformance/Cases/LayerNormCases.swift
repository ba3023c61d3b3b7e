import Compute

/// Layer normalisation and its derivatives, also of rows with a mean far beyond their deviation and of equal numbers.
enum LayerNormCases {
    static var all: [ConformanceCase] {
        extents.flatMap { rows, columns in
            [Float(0), 100].flatMap { offset in
                [false, true].map { forward(LayerNorm(rows: rows, columns: columns), offset: offset, inPlace: $0) }
            }
                + [1, 3].flatMap { tasks in
                    [
                        inputGradient(LayerNormInputGradient(rows: rows, columns: columns, tasks: tasks)),
                        parameterGradient(LayerNormParameterGradient(rows: rows, columns: columns, tasks: tasks)),
                    ]
                }
        } + [equal]
    }

    private static let extents = [
        (1, 1), (1, 17), (3, 1), (3, 65), (17, 3), (33, 33), (65, 17), (130, 10), (5, 384), (800, 16), (2, 1000),
    ]

    private static func forward(_ norm: LayerNorm, offset: Float, inPlace: Bool) -> ConformanceCase {
        let name = "\(norm.rows)x\(norm.columns) around \(offset)\(inPlace ? " in place" : "")"
        return ConformanceCase("LayerNorm", name, .layerNorm(norm)) { data in
            trial(norm, input: data.floats(norm.rows * norm.columns).map { $0 + offset }, inPlace: inPlace, &data)
        }
    }

    /// Equal numbers have no deviation; a small ε stands in.
    private static var equal: ConformanceCase {
        let norm = LayerNorm(rows: 3, columns: 33)
        return ConformanceCase("LayerNorm", "equal numbers", .layerNorm(norm)) { data in
            trial(norm, input: [Float](repeating: 0.5, count: 99), inPlace: false, &data)
        }
    }

    private static func trial(_ norm: LayerNorm, input: [Float], inPlace: Bool, _ data: inout CaseData) -> Trial {
        let epsilon: Float = 1e-5
        let gamma = data.floats(norm.columns, in: -2...2)
        let beta = data.floats(norm.columns)
        let expected = Reference.layerNorm(norm, input: input, gamma: gamma, beta: beta, epsilon: epsilon)
        var trial = Trial(.layerNorm(norm), scalars: [epsilon])
        trial.input("input", input)
        trial.input("γ", gamma)
        trial.input("β", beta)
        if inPlace { trial.output(inPlaceOf: 0, expected.output) } else { trial.output("output", expected.output) }
        trial.output("statistics", expected.statistics)
        return trial
    }

    /// Mean and reciprocal deviation of every row, near the input's.
    private static func statistics(_ rows: Int, _ data: inout CaseData) -> [Float] {
        (0..<rows).flatMap { _ in [data.float(), data.float(in: 0.3...3)] }
    }

    private static func inputGradient(_ gradient: LayerNormInputGradient) -> ConformanceCase {
        let name = "input gradient \(gradient.rows)x\(gradient.columns) tasks \(gradient.tasks)"
        return ConformanceCase("LayerNorm", name, .layerNormInputGradient(gradient)) { data in
            let count = gradient.rows * gradient.columns
            let input = data.floats(count, in: -3...3)
            let statistics = statistics(gradient.rows, &data)
            let gamma = data.floats(gradient.columns, in: -2...2)
            let deltas = data.floats(gradient.tasks * count)
            let expected = Reference.layerNormInputGradient(
                gradient, input: input, statistics: statistics, gamma: gamma, deltas: deltas)
            var trial = Trial(.layerNormInputGradient(gradient))
            trial.input("input", input)
            trial.input("statistics", statistics)
            trial.input("γ", gamma)
            trial.input("deltas", deltas)
            trial.output("input gradients", expected)
            return trial
        }
    }

    private static func parameterGradient(_ gradient: LayerNormParameterGradient) -> ConformanceCase {
        let name = "parameter gradient \(gradient.rows)x\(gradient.columns) tasks \(gradient.tasks)"
        return ConformanceCase("LayerNorm", name, .layerNormParameterGradient(gradient)) { data in
            let count = gradient.rows * gradient.columns
            let input = data.floats(count, in: -3...3)
            let statistics = statistics(gradient.rows, &data)
            let deltas = data.floats(gradient.tasks * count)
            let expected = Reference.layerNormParameterGradient(
                gradient, input: input, statistics: statistics, deltas: deltas)
            var trial = Trial(.layerNormParameterGradient(gradient))
            trial.input("input", input)
            trial.input("statistics", statistics)
            trial.input("deltas", deltas)
            trial.output("dγ", expected.gamma)
            trial.output("dβ", expected.beta)
            return trial
        }
    }
}
