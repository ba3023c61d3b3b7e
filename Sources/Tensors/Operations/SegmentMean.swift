import Compute

extension Tensor {
    /// The mean over segments of the rows of a matrix.
    ///
    /// - Parameter starts: Int32 `[segments + 1]`, the first row of every segment and the end of the last one; ascending and
    ///   not beyond the rows.
    /// - Returns: `[segments, width]`, 0 for an empty segment.
    public func segmentMean(starts: Tensor) throws(ComputeError) -> Tensor {
        precondition(
            shape.rank == 2 && starts.shape.rank == 1 && starts.count > 1 && starts.elementType == .int32,
            "segmentMean: input \(shape), starts \(starts.shape)")
        let mean = SegmentMean(rows: shape[0], segments: starts.count - 1, width: shape[1])
        let result = try Tensor(uninitialized: [mean.segments, mean.width], on: device)
        try device.encode(.segmentMean(mean), [storage, starts.storage, result.storage])
        return Tape.record(SegmentMeanOperation(mean: mean, starts: starts.detached), inputs: [self], result: result)
    }
}

private struct SegmentMeanOperation: DifferentiableOperation {
    let mean: SegmentMean
    let starts: Tensor

    func backward(_ cotangent: Tensor, into step: ReverseStep) throws(ComputeError) {
        let gradient = try Tensor(uninitialized: [step.tasks, mean.rows, mean.width], on: cotangent.device)
        try cotangent.device.encode(
            .segmentMeanGradient(
                SegmentMeanGradient(rows: mean.rows, segments: mean.segments, width: mean.width, tasks: step.tasks)),
            [starts.storage, cotangent.storage, gradient.storage])
        step.add(gradient, to: 0)
    }
}
