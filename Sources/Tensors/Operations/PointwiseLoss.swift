import Compute

extension Tensor {
    /// Mean binary cross-entropy of logits, as PyTorch's `binary_cross_entropy_with_logits`.
    ///
    /// - Parameters:
    ///   - targets: probabilities, shaped like the logits.
    ///   - positiveWeights: `[columns]`, factors on the positive part.
    ///   - mask: a weight per row.
    public func binaryCrossEntropy(
        targets: Tensor, positiveWeights: Tensor? = nil, mask: Tensor? = nil
    ) throws(ComputeError) -> Tensor {
        try pointwiseLoss(.binaryCrossEntropy, targets: targets, positiveWeights: positiveWeights, mask: mask)
    }

    /// Mean squared error.
    public func squaredError(targets: Tensor, mask: Tensor? = nil) throws(ComputeError) -> Tensor {
        try pointwiseLoss(.squaredError, targets: targets, mask: mask)
    }

    /// Mean absolute error.
    public func absoluteError(targets: Tensor, mask: Tensor? = nil) throws(ComputeError) -> Tensor {
        try pointwiseLoss(.absoluteError, targets: targets, mask: mask)
    }

    /// Mean Huber loss: half the square within `delta`, linear outside.
    public func huberLoss(targets: Tensor, delta: Float = 1, mask: Tensor? = nil) throws(ComputeError) -> Tensor {
        precondition(delta > 0, "huberLoss: delta \(delta) must be positive")
        return try pointwiseLoss(.huber, targets: targets, mask: mask, scalars: [delta])
    }

    /// A loss that compares predictions `[rows, …]` with targets element by element.
    ///
    /// - Returns: the mean over the rows, weighted with the mask; 0 where no row counts.
    private func pointwiseLoss(
        _ function: PointwiseLoss.Function, targets: Tensor, positiveWeights: Tensor? = nil, mask: Tensor? = nil,
        scalars: [Float] = []
    ) throws(ComputeError) -> Tensor {
        let rows = shape.rank == 0 ? 1 : shape[0]
        let columns = count / Swift.max(rows, 1)
        precondition(
            targets.count == count && (positiveWeights.map { $0.count == columns } ?? true)
                && (mask.map { $0.count == rows } ?? true),
            "\(function): predictions \(shape), targets \(targets.shape), positive weights "
                + "\(positiveWeights.map { "\($0.shape)" } ?? "none"), mask \(mask.map { "\($0.shape)" } ?? "none")")
        let primitive = PointwiseLoss(
            function, rows: rows, columns: columns, positiveWeights: positiveWeights != nil, mask: mask != nil)
        let inputs = [self, targets] + (positiveWeights.map { [$0] } ?? []) + (mask.map { [$0] } ?? [])
        let rowResults = try Tensor(uninitialized: [2, Swift.max(rows, 1)], on: device)
        try device.encode(
            .pointwiseLoss(primitive), inputs.map(\.storage) + [rowResults.storage, rowResults.row(1).storage],
            scalars: scalars)
        let mean = try rowResults.weightedMean(count: rows)
        return Tape.record(
            PointwiseLossOperation(
                primitive: primitive, inputs: inputs.map(\.detached), mean: mean, scalars: scalars),
            inputs: [self], result: Tensor(viewing: mean.storage, shape: .scalar))
    }
}

private struct PointwiseLossOperation: DifferentiableOperation {
    let primitive: PointwiseLoss
    let inputs: [Tensor]
    let mean: Tensor
    let scalars: [Float]

    func backward(_ cotangent: Tensor, into step: ReverseStep) throws(ComputeError) {
        let gradient = try Tensor(uninitialized: inputs[0].shape.prepending(step.tasks), on: mean.device)
        try mean.device.encode(
            .pointwiseLossGradient(
                PointwiseLossGradient(
                    primitive.function, rows: primitive.rows, columns: primitive.columns,
                    positiveWeights: primitive.positiveWeights, mask: primitive.mask, tasks: step.tasks)),
            inputs.map(\.storage) + [cotangent.storage, mean.storage, gradient.storage], scalars: scalars)
        step.add(gradient, to: 0)
    }
}
