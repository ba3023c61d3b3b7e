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
        var extents: [Int] = []
        var strides: (left: [Int], right: [Int]) = ([], [])
        for axis in 0..<result.rank where result[axis] != 1 {
            let leftStride = Binary.stride(of: left, at: axis, in: result)
            let rightStride = Binary.stride(of: right, at: axis, in: result)
            if let outer = extents.indices.last, strides.left[outer] == leftStride * result[axis],
                strides.right[outer] == rightStride * result[axis]
            {
                extents[outer] *= result[axis]
                strides.left[outer] = leftStride
                strides.right[outer] = rightStride
            } else {
                extents.append(result[axis])
                strides.left.append(leftStride)
                strides.right.append(rightStride)
            }
        }
        if extents.isEmpty { (extents, strides) = ([1], ([1], [1])) }
        self.extents = Shape(extents)
        leftStrides = Shape(strides.left)
        rightStrides = Shape(strides.right)
    }

    private static func stride(of shape: Shape, at axis: Int, in result: Shape) -> Int {
        let own = axis - (result.rank - shape.rank)
        return own < 0 || shape[own] == 1 ? 0 : shape.strides[own]
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int {
        let left = zip(extents, leftStrides).reduce(1) { $0 * ($1.1 == 0 ? 1 : $1.0) }
        let right = zip(extents, rightStrides).reduce(1) { $0 * ($1.1 == 0 ? 1 : $1.0) }
        return 4 * (left + right + extents.count)
    }
}
