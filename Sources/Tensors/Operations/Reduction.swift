import Compute

extension Tensor {
    /// The sum over some axes, or over all.
    ///
    /// - Parameter keepsAxes: leaves reduced axes with extent 1 instead of removing them.
    public func sum(axes: [Int]? = nil, keepsAxes: Bool = false) throws(ComputeError) -> Tensor {
        try reduced(.sum, axes: axes, keepsAxes: keepsAxes)
    }
    public func mean(axes: [Int]? = nil, keepsAxes: Bool = false) throws(ComputeError) -> Tensor {
        try reduced(.mean, axes: axes, keepsAxes: keepsAxes)
    }
    /// The largest element; equal ones share the derivative.
    public func max(axes: [Int]? = nil, keepsAxes: Bool = false) throws(ComputeError) -> Tensor {
        try reduced(.maximum, axes: axes, keepsAxes: keepsAxes)
    }
    /// The smallest element; equal ones share the derivative.
    public func min(axes: [Int]? = nil, keepsAxes: Bool = false) throws(ComputeError) -> Tensor {
        try reduced(.minimum, axes: axes, keepsAxes: keepsAxes)
    }
    public func sumOfSquares(axes: [Int]? = nil, keepsAxes: Bool = false) throws(ComputeError) -> Tensor {
        try reduced(.sumOfSquares, axes: axes, keepsAxes: keepsAxes)
    }
    /// `log Σ exp x`, without overflow.
    public func logSumExp(axes: [Int]? = nil, keepsAxes: Bool = false) throws(ComputeError) -> Tensor {
        try reduced(.logSumExp, axes: axes, keepsAxes: keepsAxes)
    }

    /// The positions of the largest elements along an axis, as Int32; the first among equals.
    public func argmax(axis: Int) throws(ComputeError) -> Tensor {
        let axis = shape.axis(axis)
        return try reduced(.argmax, run: axis..<axis + 1)
    }

    private func reduced(_ function: Reduction.Function, axes: [Int]?, keepsAxes: Bool) throws(ComputeError) -> Tensor {
        let axes = Set((axes ?? Array(0..<shape.rank)).map(shape.axis)).sorted()
        let kept = Shape(shape.indices.map { axes.contains($0) ? 1 : shape[$0] })
        let final = keepsAxes ? kept : Shape(shape.indices.filter { !axes.contains($0) }.map { shape[$0] })
        // Runs of neighbouring axes are folded one after another, the last first so that the numbers of the others stay.
        var result = detached
        var end = axes.endIndex
        while end > 0 {
            var start = end - 1
            while start > 0, axes[start - 1] == axes[start] - 1 { start -= 1 }
            // What a first run has squared is only added up by the next.
            let isFirst = end == axes.endIndex
            result = try result.reduced(
                function == .sumOfSquares && !isFirst ? .sum : function, run: axes[start]..<axes[end - 1] + 1)
            end = start
        }
        if axes.isEmpty, function == .sumOfSquares { result = try result.squared() }
        result = result.reshaped(final)
        return Tape.record(
            ReductionOperation(function: function, input: detached, result: result, keptShape: kept), inputs: [self],
            result: result)
    }

    /// Folds a run of neighbouring axes.
    private func reduced(_ function: Reduction.Function, run: Range<Int>) throws(ComputeError) -> Tensor {
        let result = try Tensor(
            uninitialized: Shape(Array(shape[..<run.lowerBound]) + Array(shape[run.upperBound...])),
            elementType: function == .argmax ? .int32 : .float32, on: device)
        try device.encode(
            .reduction(
                Reduction(
                    function, outer: shape[..<run.lowerBound].reduce(1, *), axis: shape[run].reduce(1, *),
                    inner: shape[run.upperBound...].reduce(1, *))),
            [storage, result.storage])
        return result
    }
}

private struct ReductionOperation: DifferentiableOperation {
    let function: Reduction.Function
    let input: Tensor
    let result: Tensor
    /// The input's shape with extent 1 at the reduced axes.
    let keptShape: Shape

    func backward(_ cotangent: Tensor, into step: ReverseStep) throws(ComputeError) {
        let stacked = input.shape.prepending(step.tasks)
        let cotangent = cotangent.reshaped(keptShape.prepending(step.tasks))
        let result = result.reshaped(keptShape)
        switch function {
        case .sum:
            step.add(try cotangent.broadcast(to: stacked), to: 0)
        case .mean:
            let share = Float(keptShape.count) / Float(Swift.max(input.count, 1))
            step.add(try cotangent.affine(scale: share).broadcast(to: stacked), to: 0)
        case .maximum, .minimum:
            let winners = try input.equal(to: result)
            let shares = try winners.summed(to: keptShape)
            step.add(try (cotangent / shares) * winners, to: 0)
        case .sumOfSquares:
            step.add(try cotangent.affine(scale: 2) * input, to: 0)
        case .logSumExp:
            step.add(try cotangent * (input - result).exp(), to: 0)
        case .argmax:
            preconditionFailure("argmax has no derivative")
        }
    }
}
