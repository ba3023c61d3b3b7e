import Compute

extension Tensor {
    /// Sets elements to 0 with a probability and scales the others by `1 / (1 - probability)`.
    ///
    /// The mask is drawn again in the derivative instead of being kept.
    ///
    /// - Parameter random: where the mask is drawn; the same position gives the same mask.
    public func dropout(probability: Float, random: RandomPosition) throws(ComputeError) -> Tensor {
        precondition((0..<1).contains(probability), "dropout: probability \(probability) outside 0..<1")
        let operation = DropoutOperation(probability: probability, random: random)
        return Tape.record(operation, inputs: [self], result: try operation.apply(to: detached, tasks: 1))
    }
}

private struct DropoutOperation: DifferentiableOperation {
    let probability: Float
    let random: RandomPosition

    func apply(to tensor: Tensor, tasks: Int) throws(ComputeError) -> Tensor {
        let result = try Tensor(uninitialized: tensor.shape, on: tensor.device)
        try tensor.device.encode(
            .dropout(Dropout(count: tensor.count / tasks, tasks: tasks)), [tensor.storage, result.storage],
            scalars: [probability], random: random)
        return result
    }

    func backward(_ cotangent: Tensor, into step: ReverseStep) throws(ComputeError) {
        step.add(try apply(to: cotangent, tasks: step.tasks), to: 0)
    }
}
