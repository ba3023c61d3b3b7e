import Compute

extension Tensor {
    /// Batch normalisation over all axes but the last, with the batch's own statistics.
    ///
    /// - Parameters:
    ///   - scale: γ, `[channels]`
    ///   - shift: β, `[channels]`
    ///   - runningMean: moves by `momentum` towards the batch's mean, in place.
    ///   - runningVariance: likewise, towards the unbiased variance.
    /// - Precondition: at least one row.
    public func batchNorm(
        scale: Tensor, shift: Tensor, runningMean: Tensor, runningVariance: Tensor, momentum: Float = 0.1,
        epsilon: Float = 1e-5, activation: Activation = .none
    ) throws(ComputeError) -> Tensor {
        let (rows, channels) = batchNormExtents(scale, shift, runningMean, runningVariance)
        let statistics = try Tensor(uninitialized: [2, channels], on: device)
        try device.encode(
            .batchNormStatistics(BatchNormStatistics(rows: rows, channels: channels, updatesRunning: true)),
            [storage, statistics.storage, statistics.row(1).storage, runningMean.storage, runningVariance.storage],
            scalars: [epsilon, momentum])
        return try batchNorm(
            statistics: statistics, usesBatch: true, scale: scale, shift: shift, activation: activation)
    }

    /// Batch normalisation with running statistics, as at inference.
    public func batchNormInference(
        scale: Tensor, shift: Tensor, runningMean: Tensor, runningVariance: Tensor, epsilon: Float = 1e-5,
        activation: Activation = .none
    ) throws(ComputeError) -> Tensor {
        let (_, channels) = batchNormExtents(scale, shift, runningMean, runningVariance)
        let reciprocal = try runningVariance.detached.affine(scale: 1, shift: epsilon).reciprocalSquareRoot()
        let statistics = try Tensor.concatenate([runningMean.detached, reciprocal], axis: 0).reshaped([2, channels])
        return try batchNorm(
            statistics: statistics, usesBatch: false, scale: scale, shift: shift, activation: activation)
    }

    private func batchNormExtents(_ perChannel: Tensor...) -> (rows: Int, channels: Int) {
        let channels = shape.rank >= 2 ? shape[shape.rank - 1] : 0
        precondition(
            channels > 0 && perChannel.allSatisfy { $0.shape == [channels] },
            "batchNorm: input \(shape), parameters and statistics \(perChannel.map(\.shape))")
        return (count / channels, channels)
    }

    private func batchNorm(
        statistics: Tensor, usesBatch: Bool, scale: Tensor, shift: Tensor, activation: Activation
    ) throws(ComputeError) -> Tensor {
        let channels = scale.count
        let rows = count / channels
        let result = try Tensor(uninitialized: shape, on: device)
        try device.encode(
            .batchNormApply(BatchNormApply(rows: rows, channels: channels, activation: activation)),
            [storage, statistics.storage, statistics.row(1).storage, scale.storage, shift.storage, result.storage])
        return Tape.record(
            BatchNormOperation(
                input: detached, statistics: statistics, usesBatch: usesBatch, scale: scale.detached,
                activation: ActivationGradient(activation, output: result)),
            inputs: [self, scale, shift], result: result)
    }
}

private struct BatchNormOperation: DifferentiableOperation {
    let input: Tensor
    /// Mean and reciprocal deviation, `[2, channels]`.
    let statistics: Tensor
    let usesBatch: Bool
    let scale: Tensor
    let activation: ActivationGradient

    func backward(_ cotangent: Tensor, into step: ReverseStep) throws(ComputeError) {
        let device = input.device
        let channels = scale.count
        let rows = input.count / channels
        let deltas = try activation.deltas(cotangent)
        let mean = statistics.storage
        let reciprocal = statistics.row(1).storage
        if step.needs(1) || step.needs(2) || usesBatch {
            let scaleGradient = try Tensor(uninitialized: [step.tasks, channels], on: device)
            let shiftGradient = try Tensor(uninitialized: [step.tasks, channels], on: device)
            try device.encode(
                .batchNormParameterGradient(
                    BatchNormParameterGradient(rows: rows, channels: channels, tasks: step.tasks)),
                [input.storage, mean, reciprocal, deltas.storage, scaleGradient.storage, shiftGradient.storage])
            step.add(scaleGradient, to: 1)
            step.add(shiftGradient, to: 2)
            if step.needs(0), usesBatch {
                let gradient = try Tensor(uninitialized: deltas.shape, on: device)
                try device.encode(
                    .batchNormInputGradient(
                        BatchNormInputGradient(rows: rows, channels: channels, tasks: step.tasks)),
                    [
                        input.storage, mean, reciprocal, scale.storage, deltas.storage, scaleGradient.storage,
                        shiftGradient.storage, gradient.storage,
                    ])
                step.add(gradient, to: 0)
            }
        }
        if step.needs(0), !usesBatch { step.add(try deltas * (scale * statistics.row(1)), to: 0) }
    }
}
