import Compute

extension Tensor {
    /// The largest element of every window.
    ///
    /// - Precondition: the input is `[batch, height, width, channels]`.
    public func maxPool2D(window: Window2D) throws(ComputeError) -> Tensor {
        try pool2D(.maximum, window: window, countsPadding: false)
    }

    /// The mean of every window; padding counts as zeros only if `countsPadding` (PyTorch's `count_include_pad`).
    public func averagePool2D(window: Window2D, countsPadding: Bool = false) throws(ComputeError) -> Tensor {
        try pool2D(.average, window: window, countsPadding: countsPadding)
    }

    /// The mean over the image: `[batch, height, width, channels]` becomes `[batch, channels]`.
    public func globalAveragePool2D() throws(ComputeError) -> Tensor {
        precondition(shape.rank == 4, "globalAveragePool2D: input \(shape) is not an image batch")
        return try mean(axes: [1, 2])
    }

    private func pool2D(_ kind: Pool2D.Kind, window: Window2D, countsPadding: Bool) throws(ComputeError) -> Tensor {
        precondition(shape.rank == 4, "pool2D: input \(shape) is not an image batch")
        let geometry = Pool2D(
            kind, .forward, batch: shape[0], inputHeight: shape[1], inputWidth: shape[2], channels: shape[3],
            window: window, countsPadding: countsPadding)
        let resultShape: Shape = [shape[0], geometry.outputHeight, geometry.outputWidth, shape[3]]
        let result = try Tensor(uninitialized: resultShape, on: device)
        let winners =
            kind == .maximum ? try Tensor(uninitialized: resultShape, elementType: .int32, on: device) : nil
        try device.encode(.pool2D(geometry), [storage, result.storage] + (winners.map { [$0.storage] } ?? []))
        return Tape.record(
            PoolingOperation(geometry: geometry, inputShape: shape, winners: winners), inputs: [self], result: result)
    }
}

private struct PoolingOperation: DifferentiableOperation {
    let geometry: Pool2D
    let inputShape: Shape
    let winners: Tensor?

    func backward(_ cotangent: Tensor, into step: ReverseStep) throws(ComputeError) {
        var primitive = geometry
        primitive.pass = .gradient
        primitive.tasks = step.tasks
        let gradient = try Tensor(uninitialized: inputShape.prepending(step.tasks), on: cotangent.device)
        try cotangent.device.encode(
            .pool2D(primitive),
            [cotangent.storage] + (winners.map { [$0.storage] } ?? []) + [gradient.storage])
        step.add(gradient, to: 0)
    }
}
