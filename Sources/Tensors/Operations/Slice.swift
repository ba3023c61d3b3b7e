import Compute

extension Tensor {
    /// The elements of a range of positions along one axis.
    ///
    /// - Precondition: the range lies inside the axis.
    public func sliced(axis: Int, _ range: Range<Int>) throws(ComputeError) -> Tensor {
        let axis = shape.axis(axis)
        precondition(
            range.lowerBound >= 0 && range.upperBound <= shape[axis],
            "slice \(range) of axis \(axis) of a tensor of shape \(shape)")
        var extents = shape
        extents[axis] = range.count
        let result = try Tensor(uninitialized: extents, elementType: elementType, on: device)
        try result.copy(
            from: storage.advanced(by: range.lowerBound * shape.strides[axis]), strides: shape.strides)
        return Tape.record(
            SliceOperation(inputShape: shape, axis: axis, start: range.lowerBound), inputs: [self], result: result)
    }

    /// One position along the first axis, without a copy and without a derivative.
    func row(_ index: Int) -> Tensor {
        let rest = Shape(shape.dropFirst())
        return Tensor(
            storage: storage.advanced(by: index * rest.count), shape: rest, elementType: elementType, trace: nil)
    }

    /// Fills a dense tensor from strided memory.
    func copy(from source: Operand, strides: Shape) throws(ComputeError) {
        if count == 0 { return }
        let extents = shape.rank == 0 ? [1] : shape
        try device.encode(
            .stridedCopy(
                StridedCopy(
                    extents: extents, sourceStrides: shape.rank == 0 ? [1] : strides,
                    destinationStrides: extents.strides)),
            [source, storage])
    }
}

private struct SliceOperation: DifferentiableOperation {
    let inputShape: Shape
    let axis: Int
    let start: Int

    func backward(_ cotangent: Tensor, into step: ReverseStep) throws(ComputeError) {
        let gradient = try Tensor.filled(with: 0, inputShape.prepending(step.tasks), on: cotangent.device)
        try gradient.write(cotangent, axis: axis + 1, at: start)
        step.add(gradient, to: 0)
    }
}
