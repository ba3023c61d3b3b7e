import Compute

extension Tensor {
    /// Puts tensors one behind the other along an axis.
    ///
    /// - Precondition: at least one tensor; all other extents are equal.
    public static func concatenate(_ tensors: [Tensor], axis: Int) throws(ComputeError) -> Tensor {
        precondition(!tensors.isEmpty, "concatenate: no tensors")
        let axis = tensors[0].shape.axis(axis)
        var shape = tensors[0].shape
        shape[axis] = tensors.reduce(0) { $0 + $1.shape[axis] }
        for tensor in tensors {
            precondition(
                tensor.shape.rank == shape.rank
                    && shape.indices.allSatisfy { $0 == axis || tensor.shape[$0] == shape[$0] },
                "concatenate: shapes \(tensors.map(\.shape)) along axis \(axis)")
        }
        let result = try Tensor(uninitialized: shape, elementType: tensors[0].elementType, on: tensors[0].device)
        var start = 0
        for tensor in tensors {
            try result.write(tensor, axis: axis, at: start)
            start += tensor.shape[axis]
        }
        return Tape.record(
            ConcatenateOperation(axis: axis, extents: tensors.map { $0.shape[axis] }), inputs: tensors, result: result)
    }

    /// Copies a tensor into this one, from position `start` of an axis on.
    func write(_ part: Tensor, axis: Int, at start: Int) throws(ComputeError) {
        if part.count == 0 { return }
        let strides = shape.strides
        try device.encode(
            .stridedCopy(
                StridedCopy(extents: part.shape, sourceStrides: part.shape.strides, destinationStrides: strides)),
            [part.storage, storage.advanced(by: start * strides[axis])])
    }
}

private struct ConcatenateOperation: DifferentiableOperation {
    let axis: Int
    let extents: [Int]

    func backward(_ cotangent: Tensor, into step: ReverseStep) throws(ComputeError) {
        var start = 0
        for (input, extent) in extents.enumerated() {
            if step.needs(input) {
                step.add(try cotangent.sliced(axis: axis + 1, start..<start + extent), to: input)
            }
            start += extent
        }
    }
}
