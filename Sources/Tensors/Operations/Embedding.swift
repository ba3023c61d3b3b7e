import Compute

extension Tensor {
    /// Rows of this table, one for every index.
    ///
    /// - Parameter indices: Int32, of any shape. One outside of the table gives a row of NaN.
    /// - Returns: the shape of the indices with the table's width behind it.
    /// - Precondition: this is a matrix `[vocabulary, width]`.
    public func embedding(_ indices: Tensor) throws(ComputeError) -> Tensor {
        precondition(shape.rank == 2, "embedding: the table has shape \(shape), expected [vocabulary, width]")
        precondition(indices.elementType == .int32, "embedding: the indices are Float32")
        let primitive = Embedding(vocabulary: shape[0], width: shape[1], count: indices.count)
        let result = try Tensor(uninitialized: Shape(Array(indices.shape) + [shape[1]]), on: device)
        try device.encode(.embedding(primitive), [storage, indices.storage, result.storage])
        return Tape.record(
            EmbeddingOperation(primitive: primitive, indices: indices.detached), inputs: [self], result: result)
    }
}

private struct EmbeddingOperation: DifferentiableOperation {
    let primitive: Embedding
    let indices: Tensor

    func backward(_ cotangent: Tensor, into step: ReverseStep) throws(ComputeError) {
        let (vocabulary, width) = (primitive.vocabulary, primitive.width)
        let gradient = try Tensor(uninitialized: [step.tasks, vocabulary, width], on: cotangent.device)
        try cotangent.device.encode(
            .embeddingGradient(
                EmbeddingGradient(vocabulary: vocabulary, width: width, count: primitive.count, tasks: step.tasks)),
            [indices.storage, cotangent.storage, gradient.storage])
        step.add(gradient, to: 0)
    }
}
