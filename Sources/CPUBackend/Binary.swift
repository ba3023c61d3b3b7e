import CPUKernels
import Compute

extension CPUDevice {
    func run(_ binary: Binary, _ arguments: inout Arguments) {
        let left = arguments.floats(binary.span(binary.leftStrides))
        let right = arguments.floats(binary.span(binary.rightStrides))
        let output = arguments.floats(binary.extents.count)
        let kernel = binary.function.kernel
        guard binary.extents.rank > 1 else {
            let (leftStride, rightStride) = (binary.leftStrides[0], binary.rightStrides[0])
            workers.elements(binary.extents[0]) { range in
                let first = range.lowerBound
                kernel(
                    left + first * leftStride, 0, leftStride, right + first * rightStride, 0, rightStride,
                    output + first, 1, range.count)
            }
            return
        }
        let columnAxis = binary.extents.rank - 1
        let rowAxis = columnAxis - 1
        let columns = binary.extents[columnAxis]
        let rowsPerMatrix = binary.extents[rowAxis]
        let rows = columns == 0 ? 0 : binary.extents.count / columns
        workers.rows(rows, columns: columns) { range in
            var row = range.lowerBound
            while row < range.upperBound {
                // The kernel walks the last two axes; the others are resolved here.
                var (leftOffset, rightOffset) = (0, 0)
                var outer = row / rowsPerMatrix
                for axis in stride(from: rowAxis - 1, through: 0, by: -1) {
                    let index = outer % binary.extents[axis]
                    outer /= binary.extents[axis]
                    leftOffset += index * binary.leftStrides[axis]
                    rightOffset += index * binary.rightStrides[axis]
                }
                let first = row % rowsPerMatrix
                let count = min(rowsPerMatrix - first, range.upperBound - row)
                kernel(
                    left + leftOffset + first * binary.leftStrides[rowAxis], binary.leftStrides[rowAxis],
                    binary.leftStrides[columnAxis],
                    right + rightOffset + first * binary.rightStrides[rowAxis], binary.rightStrides[rowAxis],
                    binary.rightStrides[columnAxis], output + row * columns, count, columns)
                row += count
            }
        }
    }
}

extension Binary {
    /// Elements that an operand with these strides covers.
    fileprivate func span(_ strides: Shape) -> Int {
        if extents.count == 0 { return 0 }
        return zip(extents, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 }
    }
}

extension Binary.Function {
    fileprivate typealias Kernel =
        @convention(c) (
            UnsafePointer<Float>?, Int, Int, UnsafePointer<Float>?, Int, Int, UnsafeMutablePointer<Float>?, Int, Int
        ) -> Void

    fileprivate var kernel: Kernel {
        switch self {
        case .add: concord_binary_add
        case .subtract: concord_binary_subtract
        case .multiply: concord_binary_multiply
        case .divide: concord_binary_divide
        case .maximum: concord_binary_maximum
        case .minimum: concord_binary_minimum
        case .power: concord_binary_power
        case .greater: concord_binary_greater
        case .greaterOrEqual: concord_binary_greater_or_equal
        case .equal: concord_binary_equal
        }
    }
}
