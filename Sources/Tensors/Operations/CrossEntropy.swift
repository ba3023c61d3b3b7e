import Compute

extension Tensor {
    /// Mean softmax cross-entropy of logits `[…, classes]`, as PyTorch's `cross_entropy`.
    ///
    /// - Parameters:
    ///   - labels: Int32, one per row.
    ///   - ignoredLabel: rows with this label count nothing.
    ///   - labelSmoothing: share of the target that is spread over all classes, 0...1.
    ///   - classWeights: `[classes]`
    ///   - mask: a weight per row.
    /// - Returns: a scalar; 0 where no row counts.
    public func crossEntropy(
        labels: Tensor, ignoredLabel: Int32 = -100, labelSmoothing: Float = 0, classWeights: Tensor? = nil,
        mask: Tensor? = nil
    ) throws(ComputeError) -> Tensor {
        precondition(shape.rank >= 2, "crossEntropy: logits \(shape) have no axis for the samples")
        let classes = shape[shape.rank - 1]
        let rows = count / Swift.max(classes, 1)
        precondition(
            labels.elementType == .int32 && labels.count == rows && (classWeights.map { $0.count == classes } ?? true)
                && (mask.map { $0.count == rows } ?? true),
            "crossEntropy: logits \(shape), \(labels.count) labels, \(classWeights?.count ?? classes) class weights, "
                + "mask of \(mask?.count ?? rows)")
        let options = CrossEntropyOptions(
            ignoredLabel: ignoredLabel, labelSmoothing: labelSmoothing, classWeights: classWeights != nil,
            mask: mask != nil)
        let inputs = [self, labels] + (classWeights.map { [$0] } ?? []) + (mask.map { [$0] } ?? [])
        let rowResults = try Tensor(uninitialized: [2, Swift.max(rows, 1)], on: device)
        try device.encode(
            .crossEntropy(CrossEntropy(rows: rows, classes: classes, options: options)),
            inputs.map(\.storage) + [rowResults.storage, rowResults.row(1).storage])
        let mean = try rowResults.weightedMean(count: rows)
        let result = Tensor(viewing: mean.storage, shape: .scalar)
        return Tape.record(
            CrossEntropyOperation(
                rows: rows, classes: classes, options: options, inputs: inputs.map(\.detached), mean: mean),
            inputs: [self], result: result)
    }

    /// `Σ values / Σ weights` of two rows, and the reciprocal of the divisor.
    func weightedMean(count: Int) throws(ComputeError) -> Tensor {
        let result = try Tensor(uninitialized: [2], on: device)
        try device.encode(
            .weightedMean(WeightedMean(count: count)), [storage, row(1).storage, result.storage])
        return result
    }
}

private struct CrossEntropyOperation: DifferentiableOperation {
    let rows: Int
    let classes: Int
    let options: CrossEntropyOptions
    let inputs: [Tensor]
    let mean: Tensor

    func backward(_ cotangent: Tensor, into step: ReverseStep) throws(ComputeError) {
        let gradient = try Tensor(uninitialized: inputs[0].shape.prepending(step.tasks), on: mean.device)
        try mean.device.encode(
            .crossEntropyGradient(
                CrossEntropyGradient(rows: rows, classes: classes, options: options, tasks: step.tasks)),
            inputs.map(\.storage) + [cotangent.storage, mean.storage, gradient.storage])
        step.add(gradient, to: 0)
    }
}
