import Compute

extension Tensor {
    public func negated() throws(ComputeError) -> Tensor { try unary(.negate) }
    public func absolute() throws(ComputeError) -> Tensor { try unary(.absolute) }
    public func squared() throws(ComputeError) -> Tensor { try unary(.square) }
    public func reciprocal() throws(ComputeError) -> Tensor { try unary(.reciprocal) }
    public func exp() throws(ComputeError) -> Tensor { try unary(.exp) }
    public func log() throws(ComputeError) -> Tensor { try unary(.log) }
    public func squareRoot() throws(ComputeError) -> Tensor { try unary(.sqrt) }
    public func reciprocalSquareRoot() throws(ComputeError) -> Tensor { try unary(.reciprocalSqrt) }
    public func relu() throws(ComputeError) -> Tensor { try unary(.relu) }
    public func relu6() throws(ComputeError) -> Tensor { try unary(.relu6) }
    /// - Parameter slope: factor below zero; positive.
    public func leakyReLU(slope: Float = 0.01) throws(ComputeError) -> Tensor {
        precondition(slope > 0, "leakyReLU: slope \(slope) must be positive")
        return try unary(.leakyRelu, scalars: [slope])
    }
    public func gelu() throws(ComputeError) -> Tensor { try unary(.gelu) }
    public func silu() throws(ComputeError) -> Tensor { try unary(.silu) }
    public func tanh() throws(ComputeError) -> Tensor { try unary(.tanh) }
    public func sigmoid() throws(ComputeError) -> Tensor { try unary(.sigmoid) }
    /// `scale·x + shift`
    public func affine(scale: Float, shift: Float = 0) throws(ComputeError) -> Tensor {
        try unary(.affine, scalars: [scale, shift])
    }
    /// Limits every element to a range.
    public func clamped(to range: ClosedRange<Float>) throws(ComputeError) -> Tensor {
        try unary(.clamp, scalars: [range.lowerBound, range.upperBound])
    }

    /// Applies a function to every element.
    ///
    /// - Parameter scalars: those that the function documents.
    public func unary(_ function: Unary.Function, scalars: [Float] = []) throws(ComputeError) -> Tensor {
        let result = try Tensor(uninitialized: shape, on: device)
        try device.encode(.unary(Unary(function, count: count)), [storage, result.storage], scalars: scalars)
        return Tape.record(
            UnaryOperation(
                function: function, saved: function.gradientUsesOutput ? result : detached, scalars: scalars),
            inputs: [self], result: result)
    }

    /// The cotangent in front of a function whose saved tensor this is.
    func unaryGradient(
        _ function: Unary.Function, cotangent: Tensor, scalars: [Float] = []
    ) throws(ComputeError) -> Tensor {
        let gradient = try Tensor(uninitialized: cotangent.shape, on: device)
        try device.encode(
            .unaryGradient(UnaryGradient(function, count: count, tasks: cotangent.shape[0])),
            [storage, cotangent.storage, gradient.storage], scalars: scalars)
        return gradient
    }
}

private struct UnaryOperation: DifferentiableOperation {
    let function: Unary.Function
    let saved: Tensor
    let scalars: [Float]

    func backward(_ cotangent: Tensor, into step: ReverseStep) throws(ComputeError) {
        step.add(try saved.unaryGradient(function, cotangent: cotangent, scalars: scalars), to: 0)
    }
}
