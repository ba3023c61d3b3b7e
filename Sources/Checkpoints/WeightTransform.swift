/// How a weight of another framework becomes one of Concord's, which are `[inputs, outputs]` for linear layers and
/// `[height, width, inputs / groups, outputs]` for convolutions.
public enum WeightTransform: Sendable {
    /// Nothing changes: biases, norms, embeddings, filters of TensorFlow.
    case same
    /// PyTorch's linear weight, `[outputs, inputs]`.
    case linear
    /// PyTorch's filter, `[outputs, inputs / groups, height, width]`, with groups or depthwise just so.
    case convolution
    /// TensorFlow's depthwise filter, `[height, width, channels, multiplier]`.
    case depthwise
    /// PyTorch's linear weight over flattened images, `[outputs, channels · height · width]`: there channels come first,
    /// here `[height · width · channels, outputs]` with channels last.
    case linearAfterFlatten(channels: Int, height: Int, width: Int)
    /// PyTorch's pointwise or full-size filter as a linear layer: `[outputs, inputs, height, width]` becomes
    /// `[height · width · inputs, outputs]`.
    case linearFromConvolution
    /// Axes in another order: axis `i` of the result is axis `order[i]` of the file.
    case permuted([Int])
    /// The elements stay in their order, the shape becomes the network's.
    case reshaped

    /// The shape that a tensor of the file has afterwards; nil where the transform does not apply to it, and for
    /// ``reshaped``.
    package func shape(of shape: [Int]) -> [Int]? {
        guard let (split, order) = permutation(of: shape) else { return nil }
        let permuted = order.map { split[$0] }
        switch self {
        case .depthwise: return [shape[0], shape[1], 1, shape[2] * shape[3]]
        case .linearAfterFlatten, .linearFromConvolution:
            return [permuted.dropLast().reduce(1, *), permuted.last ?? 1]
        case .reshaped: return nil
        case .same, .linear, .convolution, .permuted: return permuted
        }
    }

    /// Whether a tensor of the file has the network's shape afterwards.
    package func fits(_ shape: [Int], into expected: [Int]) -> Bool {
        if case .reshaped = self { return shape.reduce(1, *) == expected.reduce(1, *) }
        return self.shape(of: shape) == expected
    }

    /// The elements in Concord's order.
    package func apply(_ values: [Float], _ shape: [Int]) -> [Float] {
        guard let (split, order) = permutation(of: shape), order != Array(order.indices) else { return values }
        var strides = [Int](repeating: 1, count: split.count)
        for axis in split.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * split[axis + 1] }
        let elements = StridedElements(
            shape: order.map { split[$0] }, strides: order.map { strides[$0] }, offset: 0,
            elementSize: MemoryLayout<Float>.size, available: values.count)
        guard let elements else { preconditionFailure("WeightTransform: \(values.count) elements for shape \(shape)") }
        return values.withUnsafeBytes { block in
            elements.withUnsafeBytes(of: block) { Array($0.bindMemory(to: Float.self)) }
        }
    }

    /// The shape with axes split, and the order in which they are wanted; nil where the transform does not apply.
    private func permutation(of shape: [Int]) -> (split: [Int], order: [Int])? {
        switch self {
        case .same, .reshaped: return (shape, Array(shape.indices))
        case .depthwise: return shape.count == 4 ? (shape, [0, 1, 2, 3]) : nil
        case .linear: return shape.count == 2 ? (shape, [1, 0]) : nil
        case .convolution, .linearFromConvolution: return shape.count == 4 ? (shape, [2, 3, 1, 0]) : nil
        case .linearAfterFlatten(let channels, let height, let width):
            guard shape.count == 2, shape[1] == channels * height * width else { return nil }
            return ([shape[0], channels, height, width], [2, 3, 1, 0])
        case .permuted(let order): return order.sorted() == Array(shape.indices) ? (shape, order) : nil
        }
    }
}
