import CPUKernels
import Compute

extension CPUDevice {
    func run(_ norm: LayerNorm, _ arguments: inout Arguments) {
        let (rows, columns) = (norm.rows, norm.columns)
        let input = arguments.floats(rows * columns)
        let gamma = arguments.floats(columns)
        let beta = arguments.floats(columns)
        let output = arguments.floats(rows * columns)
        let statistics = arguments.floats(2 * rows)
        let epsilon = arguments.scalar()
        workers.rows(rows, columns: columns, cost: 2) { part in
            let offset = part.lowerBound * columns
            concord_layer_norm(
                input + offset, part.count, columns, gamma, beta, epsilon, output + offset,
                statistics + 2 * part.lowerBound)
        }
    }

    func run(_ gradient: LayerNormInputGradient, _ arguments: inout Arguments) {
        let (rows, columns, tasks) = (gradient.rows, gradient.columns, gradient.tasks)
        let input = arguments.floats(rows * columns)
        let statistics = arguments.floats(2 * rows)
        let gamma = arguments.floats(columns)
        let deltas = arguments.floats(tasks * rows * columns)
        let gradients = arguments.floats(tasks * rows * columns)
        workers.rows(rows, columns: columns, cost: 2) { part in
            for task in 0..<tasks {
                let offset = (task * rows + part.lowerBound) * columns
                concord_layer_norm_input_gradient(
                    input + part.lowerBound * columns, statistics + 2 * part.lowerBound, part.count, columns, gamma,
                    deltas + offset, gradients + offset)
            }
        }
    }

    func run(_ gradient: LayerNormParameterGradient, _ arguments: inout Arguments) throws(ComputeError) {
        let (rows, columns) = (gradient.rows, gradient.columns)
        let input = arguments.floats(rows * columns)
        let statistics = arguments.floats(2 * rows)
        let deltas = arguments.floats(gradient.tasks * rows * columns)
        let gammaGradients = arguments.floats(gradient.tasks * columns)
        let betaGradients = arguments.floats(gradient.tasks * columns)
        for task in 0..<gradient.tasks {
            let delta = deltas + task * rows * columns
            let results = [gammaGradients + task * columns, betaGradients + task * columns]
            try sumColumns(rows: rows, columns: columns, into: results) { part, sums in
                let offset = part.lowerBound * columns
                concord_layer_norm_parameter_gradient(
                    input + offset, statistics + 2 * part.lowerBound, part.count, columns, delta + offset, sums,
                    sums + columns)
            }
        }
    }
}
