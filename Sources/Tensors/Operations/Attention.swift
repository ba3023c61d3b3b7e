import Compute

/// How sequences lie in a tensor.
public enum SequenceLayout {
    /// `[samples, length, …]`, all equally long.
    case uniform
    /// Likewise, with Int32 `[samples, length]`, 0 for places that nobody looks at, such as the padding of token numbers.
    case masked(Tensor)
    /// `[rows, …]`, one behind the other without padding, with ascending Int32 `[samples + 1]`, the first row of every
    /// sequence and the end of the last one; and the length of the longest sequence.
    case packed(starts: Tensor, longest: Int)
}

extension Tensor {
    /// Multi-head attention of sequences to themselves, these being the queries: `softmax(scale·Q·Kᵀ)·V` for every head.
    ///
    /// - Parameters:
    ///   - keys: of the queries' shape, as are the values: the last axis has `heads · width` elements, those of a head
    ///     together.
    ///   - causal: hides keys behind the query's own place.
    ///   - scale: nil takes `1/√width`.
    /// - Returns: the queries' shape; 0 for queries that see no key, and undefined rows between packed sequences.
    public func attention(
        keys: Tensor, values: Tensor, heads: Int, layout: SequenceLayout = .uniform, causal: Bool = false,
        scale: Float? = nil
    ) throws(ComputeError) -> Tensor {
        let features = shape.last ?? 0
        var operand: Tensor?
        let attention: Attention
        switch layout {
        case .uniform, .masked:
            precondition(shape.rank == 3, "attention: queries \(shape), expected [samples, length, features]")
            if case .masked(let mask) = layout { operand = mask }
            precondition(
                operand.map { $0.shape == [shape[0], shape[1]] } ?? true,
                "attention: queries \(shape), mask \(operand.map { "\($0.shape)" } ?? "none")")
            attention = Attention(
                samples: shape[0], length: shape[1], heads: heads, width: features / Swift.max(heads, 1),
                layout: operand == nil ? .uniform : .masked, causal: causal)
        case .packed(let starts, let longest):
            precondition(
                shape.rank == 2 && starts.shape.rank == 1 && starts.count > 1,
                "attention: packed queries \(shape), starts \(starts.shape)")
            operand = starts
            attention = Attention(
                samples: starts.count - 1, length: longest, heads: heads, width: features / Swift.max(heads, 1),
                layout: .packed, rows: shape[0], causal: causal)
        }
        precondition(
            keys.shape == shape && values.shape == shape && heads > 0 && features % heads == 0
                && operand?.elementType != .float32,
            "attention of \(heads) heads: queries \(shape), keys \(keys.shape), values \(values.shape)")
        let scale = scale ?? 1 / Float(Swift.max(attention.width, 1)).squareRoot()
        let result = try Tensor(uninitialized: shape, on: device)
        let normalizers = try Tensor(uninitialized: [attention.samples, heads, attention.length], on: device)
        try device.encode(
            .attention(attention),
            [storage, keys.storage, values.storage] + (operand.map { [$0.storage] } ?? [])
                + [result.storage, normalizers.storage], scalars: [scale])
        return Tape.record(
            AttentionOperation(
                attention: attention, scale: scale, queries: detached, keys: keys.detached, values: values.detached,
                layout: operand?.detached, result: result, normalizers: normalizers),
            inputs: [self, keys, values], result: result)
    }
}

private struct AttentionOperation: DifferentiableOperation {
    let attention: Attention
    let scale: Float
    let queries: Tensor
    let keys: Tensor
    let values: Tensor
    /// Mask or starts.
    let layout: Tensor?
    let result: Tensor
    let normalizers: Tensor

    func backward(_ cotangent: Tensor, into step: ReverseStep) throws(ComputeError) {
        var gradients: [Tensor] = []
        for _ in 0..<3 { gradients.append(try Tensor(uninitialized: cotangent.shape, on: queries.device)) }
        let saved = [queries, keys, values] + (layout.map { [$0] } ?? []) + [result, normalizers]
        try queries.device.encode(
            .attentionGradient(AttentionGradient(attention, tasks: step.tasks)),
            (saved + [cotangent] + gradients).map(\.storage), scalars: [scale])
        for (input, gradient) in gradients.enumerated() { step.add(gradient, to: input) }
    }
}
