import Compute

/// The four batch-normalisation primitives; statistics also of channels with a mean far beyond their deviation.
enum BatchNormCases {
    static var all: [ConformanceCase] { extents.flatMap(make) }

    private static let extents = [
        (1, 1), (1, 17), (3, 1), (3, 65), (17, 3), (33, 33), (65, 17), (130, 10), (257, 64), (1000, 5), (4097, 3),
        (2, 1000), (50_021, 2), (100_003, 1),
    ]

    private static func make(rows: Int, channels: Int) -> [ConformanceCase] {
        [false, true].filter { !$0 || rows > 1 }.flatMap { updatesRunning in
            [Float(0), 100].map { offset in
                statistics(
                    BatchNormStatistics(rows: rows, channels: channels, updatesRunning: updatesRunning), offset: offset)
            }
        }
            + [Activation.none, .relu, .relu6].flatMap { activation in
                [false, true].map { inPlace in
                    apply(BatchNormApply(rows: rows, channels: channels, activation: activation), inPlace: inPlace)
                }
            }
            + [1, 3].flatMap { tasks in
                [
                    parameterGradient(BatchNormParameterGradient(rows: rows, channels: channels, tasks: tasks)),
                    inputGradient(BatchNormInputGradient(rows: rows, channels: channels, tasks: tasks)),
                ]
            }
    }

    private static func statistics(_ statistics: BatchNormStatistics, offset: Float) -> ConformanceCase {
        let name =
            "statistics \(statistics.rows)x\(statistics.channels) around \(offset)"
            + (statistics.updatesRunning ? " running" : "")
        return ConformanceCase("BatchNorm", name, .batchNormStatistics(statistics)) { data in
            let (epsilon, momentum): (Float, Float) = (1e-5, 0.1)
            let channels = statistics.channels
            let deviations = data.floats(channels, in: 0.2...2)
            let input = (0..<statistics.rows * channels).map { index in
                offset + deviations[index % channels] * data.float(in: -1.7...1.7)
            }
            let running =
                statistics.updatesRunning
                ? (mean: data.floats(channels, in: -3...3), variance: data.floats(channels, in: 0.1...4)) : nil
            let expected = Reference.batchNormStatistics(
                statistics, input: input, running: running, epsilon: epsilon, momentum: momentum)
            var trial = Trial(.batchNormStatistics(statistics), scalars: [epsilon, momentum])
            trial.input("input", input)
            trial.output("mean", expected.mean)
            trial.output("reciprocal deviation", expected.reciprocalDeviation)
            if let running {
                trial.output("running mean", expected.runningMean, contents: running.mean)
                trial.output("running variance", expected.runningVariance, contents: running.variance)
            }
            return trial
        }
    }

    private static func apply(_ apply: BatchNormApply, inPlace: Bool) -> ConformanceCase {
        let name = "apply \(apply.rows)x\(apply.channels) \(apply.activation)\(inPlace ? " in place" : "")"
        return ConformanceCase("BatchNorm", name, .batchNormApply(apply)) { data in
            let input = data.floats(apply.rows * apply.channels, in: -5...5)
            let mean = data.floats(apply.channels)
            let reciprocalDeviation = data.floats(apply.channels, in: 0.3...3)
            let gamma = data.floats(apply.channels, in: -2...2)
            let beta = data.floats(apply.channels)
            let expected = Reference.batchNormApply(
                apply, input: input, mean: mean, reciprocalDeviation: reciprocalDeviation, gamma: gamma, beta: beta)
            var trial = Trial(.batchNormApply(apply))
            trial.input("input", input)
            trial.input("mean", mean)
            trial.input("reciprocal deviation", reciprocalDeviation)
            trial.input("γ", gamma)
            trial.input("β", beta)
            if inPlace { trial.output(inPlaceOf: 0, expected) } else { trial.output("output", expected) }
            return trial
        }
    }

    private static func parameterGradient(_ gradient: BatchNormParameterGradient) -> ConformanceCase {
        let name = "parameter gradient \(gradient.rows)x\(gradient.channels) tasks \(gradient.tasks)"
        return ConformanceCase("BatchNorm", name, .batchNormParameterGradient(gradient)) { data in
            let count = gradient.rows * gradient.channels
            let input = data.floats(count, in: -3...3)
            let mean = data.floats(gradient.channels)
            let reciprocalDeviation = data.floats(gradient.channels, in: 0.3...3)
            let deltas = data.floats(gradient.tasks * count)
            let expected = Reference.batchNormParameterGradient(
                gradient, input: input, mean: mean, reciprocalDeviation: reciprocalDeviation, deltas: deltas)
            var trial = Trial(.batchNormParameterGradient(gradient))
            trial.input("input", input)
            trial.input("mean", mean)
            trial.input("reciprocal deviation", reciprocalDeviation)
            trial.input("deltas", deltas)
            trial.output("dγ", expected.gamma)
            trial.output("dβ", expected.beta)
            return trial
        }
    }

    private static func inputGradient(_ gradient: BatchNormInputGradient) -> ConformanceCase {
        let name = "input gradient \(gradient.rows)x\(gradient.channels) tasks \(gradient.tasks)"
        return ConformanceCase("BatchNorm", name, .batchNormInputGradient(gradient)) { data in
            let count = gradient.rows * gradient.channels
            let input = data.floats(count, in: -3...3)
            let mean = data.floats(gradient.channels)
            let reciprocalDeviation = data.floats(gradient.channels, in: 0.3...3)
            let gamma = data.floats(gradient.channels, in: -2...2)
            let deltas = data.floats(gradient.tasks * count)
            // As large as sums over the rows can be.
            let scale = Float(gradient.rows)
            let gammaGradient = data.floats(gradient.tasks * gradient.channels, in: -scale...scale)
            let betaGradient = data.floats(gradient.tasks * gradient.channels, in: -scale...scale)
            let expected = Reference.batchNormInputGradient(
                gradient, input: input, mean: mean, reciprocalDeviation: reciprocalDeviation, gamma: gamma,
                deltas: deltas, gammaGradient: gammaGradient, betaGradient: betaGradient)
            var trial = Trial(.batchNormInputGradient(gradient))
            trial.input("input", input)
            trial.input("mean", mean)
            trial.input("reciprocal deviation", reciprocalDeviation)
            trial.input("γ", gamma)
            trial.input("deltas", deltas)
            trial.input("dγ", gammaGradient)
            trial.input("dβ", betaGradient)
            trial.output("input gradients", expected)
            return trial
        }
    }
}
