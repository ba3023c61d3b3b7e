/// Combines two tensors elementwise with NumPy's broadcasting.
///
/// Operands: left, right, result (may be an operand that is not stretched). Shapes are reduced to at most
/// ``Shape/maximumRank`` axes of common extents with a stride per operand, 0 where an operand is stretched.
public struct Binary: PrimitiveDescription {
    public enum Function: UInt8, Hashable, Sendable, CaseIterable {
        case add, subtract, multiply, divide
        /// NaN if either is.
        case maximum, minimum
        case power
        /// 1 where the comparison holds, else 0.
        case greater, greaterOrEqual, equal
    }

    public var function: Function
    /// Extents of the result after neighbouring axes that behave alike were merged; at least one axis.
    public var extents: Shape
    public var leftStrides: Shape
    public var rightStrides: Shape

    /// - Precondition: the shapes broadcast.
    public init(_ function: Function, left: Shape, right: Shape) {
        guard let result = left.broadcast(with: right) else {
            preconditionFailure("\(function): shapes \(left) and \(right) do not broadcast")
        }
        self.function = function
        let axes = MergedAxes(
            extents: result,
            strides: [left, right].map { operand in
                result.indices.map { axis in
                    let own = axis - (result.rank - operand.rank)
                    return own < 0 || operand[own] == 1 ? 0 : operand.strides[own]
                }
            })
        extents = axes.extents
        leftStrides = axes.strides[0]
        rightStrides = axes.strides[1]
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int {
        let left = zip(extents, leftStrides).reduce(1) { $0 * ($1.1 == 0 ? 1 : $1.0) }
        let right = zip(extents, rightStrides).reduce(1) { $0 * ($1.1 == 0 ? 1 : $1.0) }
        return 4 * (left + right + extents.count)
    }
}
