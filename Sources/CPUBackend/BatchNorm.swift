import CPUKernels
import Compute

extension CPUDevice {
    func run(_ statistics: BatchNormStatistics, _ arguments: inout Arguments) throws(ComputeError) {
        let (rows, channels) = (statistics.rows, statistics.channels)
        let input = arguments.floats(rows * channels)
        let mean = arguments.floats(channels)
        let reciprocalDeviation = arguments.floats(channels)
        let running = statistics.updatesRunning ? (arguments.floats(channels), arguments.floats(channels)) : nil
        let (epsilon, momentum) = (arguments.scalar(), arguments.scalar())

        let grain = CPUDevice.rowGrain(columns: channels)
        let moments = try scratch(count: (rows + grain - 1) / grain * 3 * channels)
        workers.run(count: rows, grain: grain) { part in
            concord_batch_norm_moments(
                input + part.lowerBound * channels, part.count, channels,
                moments.floats + part.lowerBound / grain * 3 * channels)
        }
        concord_batch_norm_statistics(moments.floats, rows, channels, grain, mean, reciprocalDeviation)
        withExtendedLifetime(moments) {}
        for channel in 0..<channels {
            let squares = reciprocalDeviation[channel]
            reciprocalDeviation[channel] = 1 / (squares / Float(rows) + epsilon).squareRoot()
            if let (runningMean, runningVariance) = running {
                let variance = squares / Float(max(rows - 1, 1))
                runningMean[channel] += momentum * (mean[channel] - runningMean[channel])
                runningVariance[channel] += momentum * (variance - runningVariance[channel])
            }
        }
    }

    func run(_ apply: BatchNormApply, _ arguments: inout Arguments) {
        let (rows, channels) = (apply.rows, apply.channels)
        let input = arguments.floats(rows * channels)
        let mean = arguments.floats(channels)
        let reciprocalDeviation = arguments.floats(channels)
        let gamma = arguments.floats(channels)
        let beta = arguments.floats(channels)
        let output = arguments.floats(rows * channels)
        workers.rows(rows, columns: channels) { range in
            let offset = range.lowerBound * channels
            concord_batch_norm_apply(
                input + offset, range.count, channels, mean, reciprocalDeviation, gamma, beta, apply.activation.kernel,
                output + offset)
        }
    }

    func run(_ gradient: BatchNormParameterGradient, _ arguments: inout Arguments) throws(ComputeError) {
        let (rows, channels) = (gradient.rows, gradient.channels)
        let input = arguments.floats(rows * channels)
        let mean = arguments.floats(channels)
        let reciprocalDeviation = arguments.floats(channels)
        let deltas = arguments.floats(gradient.tasks * rows * channels)
        let gammaGradients = arguments.floats(gradient.tasks * channels)
        let betaGradients = arguments.floats(gradient.tasks * channels)
        for task in 0..<gradient.tasks {
            let delta = deltas + task * rows * channels
            let results = [gammaGradients + task * channels, betaGradients + task * channels]
            try sumColumns(rows: rows, columns: channels, into: results) { part, sums in
                let offset = part.lowerBound * channels
                concord_batch_norm_parameter_gradient(
                    input + offset, part.count, channels, mean, reciprocalDeviation, delta + offset, sums,
                    sums + channels)
            }
        }
    }

    func run(_ gradient: BatchNormInputGradient, _ arguments: inout Arguments) {
        let (rows, channels, tasks) = (gradient.rows, gradient.channels, gradient.tasks)
        let input = arguments.floats(rows * channels)
        let mean = arguments.floats(channels)
        let reciprocalDeviation = arguments.floats(channels)
        let gamma = arguments.floats(channels)
        let deltas = arguments.floats(tasks * rows * channels)
        let gammaGradients = arguments.floats(tasks * channels)
        let betaGradients = arguments.floats(tasks * channels)
        let gradients = arguments.floats(tasks * rows * channels)
        let gammaMeans = (0..<tasks * channels).map { gammaGradients[$0] / Float(rows) }
        let betaMeans = (0..<tasks * channels).map { betaGradients[$0] / Float(rows) }
        gammaMeans.withUnsafeBufferPointer { gammaMeans in
            betaMeans.withUnsafeBufferPointer { betaMeans in
                guard let gammaMeans = gammaMeans.baseAddress, let betaMeans = betaMeans.baseAddress else { return }
                workers.rows(rows, columns: channels) { range in
                    for task in 0..<tasks {
                        let offset = (task * rows + range.lowerBound) * channels
                        concord_batch_norm_input_gradient(
                            input + range.lowerBound * channels, range.count, channels, mean, reciprocalDeviation,
                            gamma, deltas + offset, gammaMeans + task * channels, betaMeans + task * channels,
                            gradients + offset)
                    }
                }
            }
        }
    }

    /// Rows of a part that a cache keeps; whole blocks of the summation tree, so that a part is a subtree.
    private static func rowGrain(columns: Int) -> Int { max(64, Workers.elementGrain / max(columns, 1) / 64 * 64) }

    /// Sums columns: `body` writes the sums over a range of rows, one row of `columns` per result, and their sums over
    /// all ranges are the results.
    func sumColumns(
        rows: Int, columns: Int, into results: [UnsafeMutablePointer<Float>],
        _ body: (_ part: Range<Int>, _ sums: UnsafeMutablePointer<Float>) -> Void
    ) throws(ComputeError) {
        let width = results.count * columns
        let grain = CPUDevice.rowGrain(columns: columns)
        let parts = (rows + grain - 1) / grain
        let scratch = try scratch(count: (parts + 1) * width)
        let partial = scratch.floats
        workers.run(parts: parts) { part, _ in
            body(part * grain..<min(rows, (part + 1) * grain), partial + part * width)
        }
        let total = partial + parts * width
        concord_column_sum(partial, parts, width, total)
        for (index, result) in results.enumerated() { result.update(from: total + index * columns, count: columns) }
        withExtendedLifetime(scratch) {}
    }
}
