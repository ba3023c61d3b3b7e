import Compute

extension Reference {
    /// Broadcasts by the definition: an index of the result selects index 0 along every axis that is stretched.
    static func binary(
        _ function: Binary.Function, left: [Float], leftShape: Shape, right: [Float], rightShape: Shape
    ) -> [Estimate] {
        guard let shape = leftShape.broadcast(with: rightShape) else {
            preconditionFailure("\(leftShape) and \(rightShape) do not broadcast")
        }
        return (0..<shape.count).map { index in
            binary(
                function, left[position(of: index, in: shape, stretching: leftShape)],
                right[position(of: index, in: shape, stretching: rightShape)])
        }
    }

    private static func position(of index: Int, in shape: Shape, stretching operand: Shape) -> Int {
        var rest = index
        var position = 0
        var stride = 1
        for fromEnd in 1..<shape.rank + 1 {
            let coordinate = rest % shape[shape.rank - fromEnd]
            rest /= shape[shape.rank - fromEnd]
            guard fromEnd <= operand.rank else { continue }
            let extent = operand[operand.rank - fromEnd]
            if extent != 1 { position += coordinate * stride }
            stride *= extent
        }
        return position
    }

    private static func binary(_ function: Binary.Function, _ left: Float, _ right: Float) -> Estimate {
        let (a, b) = (Estimate(left), Estimate(right))
        return switch function {
        case .add: a + b
        case .subtract: a - b
        case .multiply: a * b
        case .divide: a / b
        case .maximum: .maximum(a, b)
        case .minimum: .minimum(a, b)
        case .power: .power(a, b)
        case .greater: left > right ? 1 : 0
        case .greaterOrEqual: left >= right ? 1 : 0
        case .equal: left == right ? 1 : 0
        }
    }
}
