import Compute

extension Tensor {
    public static func + (left: Tensor, right: Tensor) throws(ComputeError) -> Tensor {
        try left.binary(.add, right)
    }
    public static func - (left: Tensor, right: Tensor) throws(ComputeError) -> Tensor {
        try left.binary(.subtract, right)
    }
    public static func * (left: Tensor, right: Tensor) throws(ComputeError) -> Tensor {
        try left.binary(.multiply, right)
    }
    public static func / (left: Tensor, right: Tensor) throws(ComputeError) -> Tensor {
        try left.binary(.divide, right)
    }
    public static func * (left: Float, right: Tensor) throws(ComputeError) -> Tensor { try right.affine(scale: left) }
    public static func + (left: Tensor, right: Float) throws(ComputeError) -> Tensor {
        try left.affine(scale: 1, shift: right)
    }
    /// Elementwise maximum; equal elements share the derivative.
    public func maximum(_ other: Tensor) throws(ComputeError) -> Tensor { try binary(.maximum, other) }
    /// Elementwise minimum; equal elements share the derivative.
    public func minimum(_ other: Tensor) throws(ComputeError) -> Tensor { try binary(.minimum, other) }
    /// `self` to the power of `exponent`.
    public func power(_ exponent: Tensor) throws(ComputeError) -> Tensor { try binary(.power, exponent) }
    /// 1 where the element is greater, else 0; without derivative.
    public func greater(than other: Tensor) throws(ComputeError) -> Tensor { try binary(.greater, other) }
    public func greaterOrEqual(to other: Tensor) throws(ComputeError) -> Tensor { try binary(.greaterOrEqual, other) }
    public func equal(to other: Tensor) throws(ComputeError) -> Tensor { try binary(.equal, other) }

    /// Combines two tensors elementwise, stretching axes of extent 1 as NumPy does.
    ///
    /// - Precondition: the shapes broadcast.
    public func binary(_ function: Binary.Function, _ other: Tensor) throws(ComputeError) -> Tensor {
        let primitive = Binary(function, left: shape, right: other.shape)
        let result = try Tensor(uninitialized: shape.broadcast(with: other.shape) ?? shape, on: device)
        try device.encode(.binary(primitive), [storage, other.storage, result.storage])
        switch function {
        case .greater, .greaterOrEqual, .equal: return result
        case .add, .subtract, .multiply, .divide, .maximum, .minimum, .power:
            return Tape.record(
                BinaryOperation(function: function, left: detached, right: other.detached, result: result),
                inputs: [self, other], result: result)
        }
    }

    /// Adds up the axes along which a tensor of shape `target` was stretched to this one's shape.
    func summed(to target: Shape) throws(ComputeError) -> Tensor {
        if shape == target { return self }
        let missing = shape.rank - target.rank
        let stretched = shape.indices.filter { $0 < missing || (target[$0 - missing] == 1 && shape[$0] != 1) }
        return try sum(axes: stretched, keepsAxes: true).reshaped(target)
    }
}

private struct BinaryOperation: DifferentiableOperation {
    let function: Binary.Function
    let left: Tensor
    let right: Tensor
    let result: Tensor

    func backward(_ cotangent: Tensor, into step: ReverseStep) throws(ComputeError) {
        if step.needs(0) { step.add(try reduced(leftGradient(cotangent), to: left.shape, tasks: step.tasks), to: 0) }
        if step.needs(1) { step.add(try reduced(rightGradient(cotangent), to: right.shape, tasks: step.tasks), to: 1) }
    }

    /// Sums stretched axes, but never the axis over the tasks.
    private func reduced(_ gradient: Tensor, to shape: Shape, tasks: Int) throws(ComputeError) -> Tensor {
        let padding = Array(repeating: 1, count: result.shape.rank - shape.rank)
        return try gradient.summed(to: Shape([tasks] + padding + Array(shape))).reshaped(shape.prepending(tasks))
    }

    private func leftGradient(_ cotangent: Tensor) throws(ComputeError) -> Tensor {
        switch function {
        case .add, .subtract: cotangent
        case .multiply: try cotangent * right
        case .divide: try cotangent / right
        case .maximum, .minimum: try cotangent * share(of: left, against: right)
        case .power: try cotangent * right * left.power(right + -1)
        case .greater, .greaterOrEqual, .equal: preconditionFailure("comparisons have no derivative")
        }
    }

    private func rightGradient(_ cotangent: Tensor) throws(ComputeError) -> Tensor {
        switch function {
        case .add: cotangent
        case .subtract: try cotangent.negated()
        case .multiply: try cotangent * left
        case .divide: try cotangent.negated() * result / right
        case .maximum, .minimum: try cotangent * share(of: right, against: left)
        case .power: try cotangent * result * left.log()
        case .greater, .greaterOrEqual, .equal: preconditionFailure("comparisons have no derivative")
        }
    }

    /// 1 where `operand` was chosen, ½ where both are equal, else 0.
    private func share(of operand: Tensor, against other: Tensor) throws(ComputeError) -> Tensor {
        let (larger, smaller) = function == .maximum ? (operand, other) : (other, operand)
        return try (larger.greater(than: smaller) + larger.greaterOrEqual(to: smaller)).affine(scale: 0.5)
    }
}
