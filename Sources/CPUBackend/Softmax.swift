import CPUKernels
import Compute

extension CPUDevice {
    func run(_ softmax: Softmax, _ arguments: inout Arguments) {
        let columns = softmax.columns
        let input = arguments.floats(softmax.rows * columns)
        let output = arguments.floats(softmax.rows * columns)
        let kernel = softmax.logarithm ? concord_log_softmax : concord_softmax
        workers.rows(softmax.rows, columns: columns) { rows in
            kernel(input + rows.lowerBound * columns, rows.count, columns, output + rows.lowerBound * columns)
        }
    }

    func run(_ gradient: SoftmaxGradient, _ arguments: inout Arguments) {
        let columns = gradient.columns
        let count = gradient.rows * columns
        let result = arguments.floats(count)
        let deltas = arguments.floats(gradient.tasks * count)
        let gradients = arguments.floats(gradient.tasks * count)
        let kernel = gradient.logarithm ? concord_log_softmax_gradient : concord_softmax_gradient
        workers.rows(gradient.rows, columns: columns, cost: 2) { rows in
            for task in 0..<gradient.tasks {
                let offset = task * count + rows.lowerBound * columns
                kernel(result + rows.lowerBound * columns, deltas + offset, rows.count, columns, gradients + offset)
            }
        }
    }
}
