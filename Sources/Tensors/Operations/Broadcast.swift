import Compute

extension Tensor {
    /// Repeats the tensor along new leading axes and axes of extent 1.
    ///
    /// - Precondition: the shape broadcasts to `target`.
    public func broadcast(to target: Shape) throws(ComputeError) -> Tensor {
        if shape == target { return self }
        precondition(shape.broadcast(with: target) == target, "broadcast of \(shape) to \(target)")
        let missing = target.rank - shape.rank
        let strides = shape.strides
        let result = try Tensor(uninitialized: target, elementType: elementType, on: device)
        try result.copy(
            from: storage,
            strides: Shape(target.indices.map { $0 < missing || shape[$0 - missing] == 1 ? 0 : strides[$0 - missing] }))
        return Tape.record(BroadcastOperation(inputShape: shape), inputs: [self], result: result)
    }
}

private struct BroadcastOperation: DifferentiableOperation {
    let inputShape: Shape

    func backward(_ cotangent: Tensor, into step: ReverseStep) throws(ComputeError) {
        let padding = Array(repeating: 1, count: cotangent.shape.rank - 1 - inputShape.rank)
        let sum = try cotangent.summed(to: Shape([step.tasks] + padding + Array(inputShape)))
        step.add(sum.reshaped(inputShape.prepending(step.tasks)), to: 0)
    }
}
