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
        let deltas = cotangent.reshaped([step.tasks, primitive.count, primitive.width])
        try step.add(
            TableGradient(vocabulary: primitive.vocabulary, indices: indices, deltas: deltas), to: 0,
            device: cotangent.device)
    }
}

/// The gradient of a table of embeddings, with indices and deltas apart: a table has many rows, and a batch names few.
struct TableGradient: ParameterGradient {
    let vocabulary: Int
    /// `[count]`
    let indices: Tensor
    /// `[tasks, count, width]`
    let deltas: Tensor

    var device: any Device { deltas.device }

    func writeRows(to destination: Operand, stride: Int, accumulate: Bool) throws(ComputeError) {
        let (tasks, count, width) = (deltas.shape[0], deltas.shape[1], deltas.shape[2])
        let gradient = Primitive.embeddingGradient(
            EmbeddingGradient(vocabulary: vocabulary, width: width, count: count, tasks: tasks))
        if !accumulate && (tasks == 1 || stride == vocabulary * width) {
            try device.encode(gradient, [indices.storage, deltas.storage, destination])
        } else {
            let rows = try Tensor(uninitialized: [tasks, vocabulary, width], on: device)
            try device.encode(gradient, [indices.storage, deltas.storage, rows.storage])
            try DenseGradient(rows: rows).writeRows(to: destination, stride: stride, accumulate: accumulate)
        }
    }

    func weighted(by weights: Tensor) throws(ComputeError) -> any ParameterGradient {
        TableGradient(vocabulary: vocabulary, indices: indices, deltas: try deltas.weightedRowSum(weights))
    }

    var outerProduct: OuterProduct? {
        OuterProduct(
            tasks: deltas.shape[0], rows: deltas.shape[1], inputs: vocabulary, outputs: deltas.shape[2], selectsRows: true)
    }

    /// The rows that the batch names, once each.
    func deltaForm() throws(ComputeError) -> InnerProductFactors {
        let compact = try Tensor(uninitialized: deltas.shape, on: device)
        try device.encode(
            .compactEmbeddingGradient(
                CompactEmbeddingGradient(
                    vocabulary: vocabulary, width: deltas.shape[2], count: deltas.shape[1], tasks: deltas.shape[0])),
            [indices.storage, deltas.storage, compact.storage])
        return InnerProductFactors(rows: compact)
    }

    func sliced(outputs: Range<Int>) throws(ComputeError) -> any ParameterGradient {
        TableGradient(vocabulary: vocabulary, indices: indices, deltas: try deltas.sliced(axis: 2, outputs))
    }
}
