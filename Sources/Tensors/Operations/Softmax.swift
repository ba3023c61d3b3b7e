import Compute

extension Tensor {
    /// Softmax over the last axis.
    public func softmax() throws(ComputeError) -> Tensor { try softmax(logarithm: false) }

    /// The logarithm of the softmax over the last axis.
    public func logSoftmax() throws(ComputeError) -> Tensor { try softmax(logarithm: true) }

    private func softmax(logarithm: Bool) throws(ComputeError) -> Tensor {
        precondition(shape.rank >= 1, "softmax of a scalar")
        let columns = shape[shape.rank - 1]
        let primitive = Softmax(rows: count / Swift.max(columns, 1), columns: columns, logarithm: logarithm)
        let result = try Tensor(uninitialized: shape, on: device)
        try device.encode(.softmax(primitive), [storage, result.storage])
        return Tape.record(SoftmaxOperation(primitive: primitive, output: result), inputs: [self], result: result)
    }
}

private struct SoftmaxOperation: DifferentiableOperation {
    let primitive: Softmax
    let output: Tensor

    func backward(_ cotangent: Tensor, into step: ReverseStep) throws(ComputeError) {
        let gradient = try Tensor(uninitialized: cotangent.shape, on: output.device)
        try output.device.encode(
            .softmaxGradient(
                SoftmaxGradient(
                    rows: primitive.rows, columns: primitive.columns, logarithm: primitive.logarithm, tasks: step.tasks)),
            [output.storage, cotangent.storage, gradient.storage])
        step.add(gradient, to: 0)
    }
}
