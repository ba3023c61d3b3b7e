import CPUKernels
import Compute

extension CPUDevice {
    func run(_ sum: WeightedRowSum, _ arguments: inout Arguments) {
        let (rows, columns, stride) = (sum.rows, sum.columns, sum.stride)
        let matrix = arguments.floats(rows == 0 ? 0 : (rows - 1) * stride + columns)
        let weights = arguments.floats(rows)
        let result = arguments.floats(columns)
        workers.elements(columns) { range in
            concord_weighted_row_sum(
                matrix + range.lowerBound, rows, range.count, stride, weights, sum.accumulate ? 1 : 0,
                result + range.lowerBound)
        }
    }
}
