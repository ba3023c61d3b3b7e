import Compute

extension Tensor {
    /// Reorders the axes: axis `i` of the result is axis `order[i]` of this tensor.
    ///
    /// - Precondition: `order` is a permutation of the axes.
    public func transposed(_ order: [Int]) throws(ComputeError) -> Tensor {
        precondition(order.sorted() == Array(0..<shape.rank), "transpose of \(shape) by \(order)")
        let result = try Tensor(
            uninitialized: Shape(order.map { shape[$0] }), elementType: elementType, on: device)
        let strides = shape.strides
        try result.copy(from: storage, strides: Shape(order.map { strides[$0] }))
        return Tape.record(TransposeOperation(order: order), inputs: [self], result: result)
    }

    /// Exchanges the last two axes.
    public func transposed() throws(ComputeError) -> Tensor {
        precondition(shape.rank >= 2, "transpose of \(shape)")
        return try transposed(Array(0..<shape.rank - 2) + [shape.rank - 1, shape.rank - 2])
    }
}

private struct TransposeOperation: DifferentiableOperation {
    let order: [Int]

    func backward(_ cotangent: Tensor, into step: ReverseStep) throws(ComputeError) {
        var inverse = [Int](repeating: 0, count: order.count)
        for (position, axis) in order.enumerated() { inverse[axis] = position }
        step.add(try cotangent.transposed([0] + inverse.map { $0 + 1 }), to: 0)
    }
}
