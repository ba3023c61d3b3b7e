import Compute

extension Tensor {
    /// Layer normalisation over the last axis: `(x - mean) / √(variance + ε) · scale + shift`.
    ///
    /// - Parameters:
    ///   - scale: γ, as long as the last axis.
    ///   - shift: β, likewise.
    public func layerNorm(scale: Tensor, shift: Tensor, epsilon: Float = 1e-5) throws(ComputeError) -> Tensor {
        let columns = shape.rank >= 1 ? shape[shape.rank - 1] : 0
        precondition(
            columns > 0 && scale.shape == [columns] && shift.shape == [columns],
            "layerNorm: input \(shape), scale \(scale.shape), shift \(shift.shape)")
        let rows = count / columns
        let result = try Tensor(uninitialized: shape, on: device)
        let statistics = try Tensor(uninitialized: [rows, 2], on: device)
        try device.encode(
            .layerNorm(LayerNorm(rows: rows, columns: columns)),
            [storage, scale.storage, shift.storage, result.storage, statistics.storage], scalars: [epsilon])
        return Tape.record(
            LayerNormOperation(input: detached, statistics: statistics, scale: scale.detached),
            inputs: [self, scale, shift], result: result)
    }
}

private struct LayerNormOperation: DifferentiableOperation {
    let input: Tensor
    /// Mean and reciprocal deviation of every row, `[rows, 2]`.
    let statistics: Tensor
    let scale: Tensor

    func backward(_ cotangent: Tensor, into step: ReverseStep) throws(ComputeError) {
        let device = input.device
        let (rows, columns) = (statistics.shape[0], scale.count)
        if step.needs(1) || step.needs(2) {
            let scaleGradient = try Tensor(uninitialized: [step.tasks, columns], on: device)
            let shiftGradient = try Tensor(uninitialized: [step.tasks, columns], on: device)
            try device.encode(
                .layerNormParameterGradient(
                    LayerNormParameterGradient(rows: rows, columns: columns, tasks: step.tasks)),
                [
                    input.storage, statistics.storage, cotangent.storage, scaleGradient.storage, shiftGradient.storage,
                ])
            step.add(scaleGradient, to: 1)
            step.add(shiftGradient, to: 2)
        }
        if step.needs(0) {
            let gradient = try Tensor(uninitialized: cotangent.shape, on: device)
            try device.encode(
                .layerNormInputGradient(LayerNormInputGradient(rows: rows, columns: columns, tasks: step.tasks)),
                [input.storage, statistics.storage, scale.storage, cotangent.storage, gradient.storage])
            step.add(gradient, to: 0)
        }
    }
}
