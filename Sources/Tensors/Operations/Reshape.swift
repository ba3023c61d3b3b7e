import Compute

extension Tensor {
    /// The same elements in another shape, without a copy. One extent may be -1: it is computed from the others.
    ///
    /// - Precondition: the shapes have the same number of elements.
    public func reshaped(_ extents: [Int]) -> Tensor {
        guard let free = extents.firstIndex(of: -1) else { return reshaped(Shape(extents)) }
        let known = extents.enumerated().reduce(1) { $1.offset == free ? $0 : $0 * $1.element }
        precondition(known > 0 && count % known == 0, "reshape of \(shape) to \(extents)")
        var complete = extents
        complete[free] = count / known
        return reshaped(Shape(complete))
    }

    /// The same elements in another shape, without a copy.
    public func reshaped(_ newShape: Shape) -> Tensor {
        if newShape == shape { return self }
        precondition(newShape.count == count, "reshape of \(shape) to \(newShape)")
        let result = Tensor(storage: storage, shape: newShape, elementType: elementType, trace: nil)
        return Tape.record(ReshapeOperation(inputShape: shape), inputs: [self], result: result)
    }

    /// All axes from `axis` on as one.
    public func flattened(from axis: Int = 1) -> Tensor {
        let axis = shape.axis(axis)
        return reshaped(Shape(shape[..<axis] + [shape[axis...].reduce(1, *)]))
    }
}

private struct ReshapeOperation: DifferentiableOperation {
    let inputShape: Shape

    func backward(_ cotangent: Tensor, into step: ReverseStep) throws(ComputeError) {
        step.add(cotangent.reshaped(inputShape.prepending(step.tasks)), to: 0)
    }
}
