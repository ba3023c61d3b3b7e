import Compute

extension Reference {
    struct BatchStatistics {
        var mean: [Estimate] = []
        var reciprocalDeviation: [Estimate] = []
        var runningMean: [Estimate] = []
        var runningVariance: [Estimate] = []
    }

    /// - Parameter running: running mean and variance before, if they are updated.
    static func batchNormStatistics(
        _ statistics: BatchNormStatistics, input: [Float], running: (mean: [Float], variance: [Float])?, epsilon: Float,
        momentum: Float
    ) -> BatchStatistics {
        var result = BatchStatistics()
        let rows = Estimate(Double(statistics.rows))
        for channel in 0..<statistics.channels {
            let column = (0..<statistics.rows).map { Double(input[$0 * statistics.channels + channel]) }
            let mean = column.map { Estimate($0) }.sum() / rows
            // A mean that is off by d adds only d² to the mean square, because the deviations sum to zero. That is what
            // the second pass is for, so the mean's error must not enter every deviation.
            let deviations = column.map { Estimate($0 - mean.value, error: Estimate.epsilon * abs($0 - mean.value)) }
            let squares = deviations.map { $0 * $0 }.sum()
            let ofMean = Estimate(0, error: mean.error * mean.error)
            let variance = squares / rows + ofMean
            result.mean.append(mean)
            result.reciprocalDeviation.append(1 / (variance + Estimate(epsilon)).squareRoot())
            if let running {
                let unbiased = squares / (rows - 1) + ofMean
                let m = Estimate(momentum)
                result.runningMean.append((1 - m) * Estimate(running.mean[channel]) + m * mean)
                result.runningVariance.append((1 - m) * Estimate(running.variance[channel]) + m * unbiased)
            }
        }
        return result
    }

    static func batchNormApply(
        _ apply: BatchNormApply, input: [Float], mean: [Float], reciprocalDeviation: [Float], gamma: [Float],
        beta: [Float]
    ) -> [Estimate] {
        input.enumerated().map { index, x in
            let channel = index % apply.channels
            let normalised = (Estimate(x) - Estimate(mean[channel])) * Estimate(reciprocalDeviation[channel])
            return activation(apply.activation, normalised * Estimate(gamma[channel]) + Estimate(beta[channel]))
        }
    }

    static func batchNormParameterGradient(
        _ gradient: BatchNormParameterGradient, input: [Float], mean: [Float], reciprocalDeviation: [Float],
        deltas: [Float]
    ) -> (gamma: [Estimate], beta: [Estimate]) {
        var result: (gamma: [Estimate], beta: [Estimate]) = ([], [])
        for task in 0..<gradient.tasks {
            for channel in 0..<gradient.channels {
                let terms = (0..<gradient.rows).map { row in
                    let index = row * gradient.channels + channel
                    let normalised =
                        (Estimate(input[index]) - Estimate(mean[channel])) * Estimate(reciprocalDeviation[channel])
                    let delta = Estimate(deltas[task * gradient.rows * gradient.channels + index])
                    return (gamma: delta * normalised, beta: delta)
                }
                result.gamma.append(terms.map(\.gamma).sum())
                result.beta.append(terms.map(\.beta).sum())
            }
        }
        return result
    }

    static func batchNormInputGradient(
        _ gradient: BatchNormInputGradient, input: [Float], mean: [Float], reciprocalDeviation: [Float],
        gamma: [Float], deltas: [Float], gammaGradient: [Float], betaGradient: [Float]
    ) -> [Estimate] {
        let rows = Estimate(Double(gradient.rows))
        return deltas.enumerated().map { index, delta in
            let (task, element) = index.quotientAndRemainder(dividingBy: gradient.rows * gradient.channels)
            let channel = element % gradient.channels
            let r = Estimate(reciprocalDeviation[channel])
            let normalised = (Estimate(input[element]) - Estimate(mean[channel])) * r
            let dBeta = Estimate(betaGradient[task * gradient.channels + channel])
            let dGamma = Estimate(gammaGradient[task * gradient.channels + channel])
            return Estimate(gamma[channel]) * r * (Estimate(delta) - dBeta / rows - normalised * dGamma / rows)
        }
    }
}
