import Compute

extension Tensor {
    /// Puts a constant around the tensor.
    ///
    /// - Parameter padding: elements before and after, per axis.
    public func padded(_ padding: [(before: Int, after: Int)], value: Float = 0) throws(ComputeError) -> Tensor {
        precondition(
            padding.count == shape.rank && padding.allSatisfy { $0.before >= 0 && $0.after >= 0 },
            "pad: \(padding) for a tensor of shape \(shape)")
        let padded = Shape(zip(shape, padding).map { $0 + $1.before + $1.after })
        let result = try Tensor.filled(with: value, padded, on: device)
        let start = zip(padded.strides, padding).reduce(0) { $0 + $1.0 * $1.1.before }
        if count > 0 {
            try device.encode(
                .stridedCopy(
                    StridedCopy(extents: shape, sourceStrides: shape.strides, destinationStrides: padded.strides)),
                [storage, result.storage.advanced(by: start)])
        }
        return Tape.record(
            PadOperation(inputShape: shape, paddedShape: padded, start: start), inputs: [self], result: result)
    }
}

private struct PadOperation: DifferentiableOperation {
    let inputShape: Shape
    let paddedShape: Shape
    let start: Int

    func backward(_ cotangent: Tensor, into step: ReverseStep) throws(ComputeError) {
        let gradient = try Tensor(uninitialized: inputShape.prepending(step.tasks), on: cotangent.device)
        try gradient.copy(
            from: cotangent.storage.advanced(by: start), strides: paddedShape.prepending(step.tasks).strides)
        step.add(gradient, to: 0)
    }
}
