import Compute

extension Reference {
    struct LayerNormResult {
        var output: [Estimate] = []
        /// Mean and reciprocal deviation of every row.
        var statistics: [Estimate] = []
    }

    static func layerNorm(
        _ norm: LayerNorm, input: [Float], gamma: [Float], beta: [Float], epsilon: Float
    ) -> LayerNormResult {
        var result = LayerNormResult()
        let columns = Estimate(Double(norm.columns))
        for row in 0..<norm.rows {
            let line = (0..<norm.columns).map { Double(input[row * norm.columns + $0]) }
            let mean = line.map { Estimate($0) }.inSequence() / columns
            // A mean that is off by d adds only d² to the mean square, because the deviations sum to zero; and what its
            // rounding has left over is made up for.
            let deviations = line.map { Estimate($0 - mean.value, error: Estimate.epsilon * abs($0 - mean.value)) }
            let variance =
                deviations.map { $0 * $0 }.inSequence() / columns + Estimate(0, error: mean.error * mean.error)
            // The mean of the deviations makes up for the mean's rounding, and brings its own.
            let exact = Estimate(
                mean.value,
                error: (deviations.inSequence() / columns).error + Estimate.epsilon * abs(mean.value))
            let reciprocal = 1 / (variance + Estimate(epsilon)).squareRoot()
            result.statistics += [mean, reciprocal]
            for (column, value) in line.enumerated() {
                result.output.append((Estimate(value) - exact) * reciprocal * Estimate(gamma[column]) + Estimate(beta[column]))
            }
        }
        return result
    }

    static func layerNormInputGradient(
        _ gradient: LayerNormInputGradient, input: [Float], statistics: [Float], gamma: [Float], deltas: [Float]
    ) -> [Estimate] {
        let count = Estimate(Double(gradient.columns))
        return (0..<gradient.tasks * gradient.rows).flatMap { line -> [Estimate] in
            let row = line % gradient.rows
            let reciprocal = Estimate(statistics[2 * row + 1])
            let columns = 0..<gradient.columns
            let normalised = columns.map {
                (Estimate(input[row * gradient.columns + $0]) - Estimate(statistics[2 * row])) * reciprocal
            }
            let g = columns.map { Estimate(deltas[line * gradient.columns + $0]) * Estimate(gamma[$0]) }
            let first = g.inSequence() / count
            let second = columns.map { g[$0] * normalised[$0] }.inSequence() / count
            return columns.map { reciprocal * (g[$0] - first - normalised[$0] * second) }
        }
    }

    static func layerNormParameterGradient(
        _ gradient: LayerNormParameterGradient, input: [Float], statistics: [Float], deltas: [Float]
    ) -> (gamma: [Estimate], beta: [Estimate]) {
        var result: (gamma: [Estimate], beta: [Estimate]) = ([], [])
        for task in 0..<gradient.tasks {
            for column in 0..<gradient.columns {
                let terms = (0..<gradient.rows).map { row in
                    let index = row * gradient.columns + column
                    let normalised =
                        (Estimate(input[index]) - Estimate(statistics[2 * row])) * Estimate(statistics[2 * row + 1])
                    let delta = Estimate(deltas[task * gradient.rows * gradient.columns + index])
                    return (gamma: delta * normalised, beta: delta)
                }
                result.gamma.append(terms.map(\.gamma).inSequence())
                result.beta.append(terms.map(\.beta).inSequence())
            }
        }
        return result
    }
}
