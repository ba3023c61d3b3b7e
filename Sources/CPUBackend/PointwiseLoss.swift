import CPUKernels
import Compute

extension CPUDevice {
    func run(_ loss: PointwiseLoss, _ arguments: inout Arguments) {
        let options = arguments.options(
            loss.function, rows: loss.rows, columns: loss.columns, positiveWeights: loss.positiveWeights,
            mask: loss.mask)
        let losses = arguments.floats(loss.rows)
        let weights = arguments.floats(loss.rows)
        let kernel =
            switch loss.function {
            case .binaryCrossEntropy: concord_pointwise_loss_binary_cross_entropy
            case .squaredError: concord_pointwise_loss_squared_error
            case .absoluteError: concord_pointwise_loss_absolute_error
            case .huber: concord_pointwise_loss_huber
            }
        workers.rows(loss.rows, columns: loss.columns, cost: 2) { rows in
            var options = options
            kernel(&options, rows.lowerBound, rows.upperBound, losses, weights)
        }
    }

    func run(_ gradient: PointwiseLossGradient, _ arguments: inout Arguments) {
        let (rows, columns, tasks) = (gradient.rows, gradient.columns, gradient.tasks)
        let options = arguments.options(
            gradient.function, rows: rows, columns: columns, positiveWeights: gradient.positiveWeights,
            mask: gradient.mask)
        let scales = arguments.lossScales(tasks: tasks)
        let gradients = arguments.floats(tasks * rows * columns)
        let kernel =
            switch gradient.function {
            case .binaryCrossEntropy: concord_pointwise_loss_gradient_binary_cross_entropy
            case .squaredError: concord_pointwise_loss_gradient_squared_error
            case .absoluteError: concord_pointwise_loss_gradient_absolute_error
            case .huber: concord_pointwise_loss_gradient_huber
            }
        workers.rows(rows, columns: columns, cost: 2) { range in
            var options = options
            kernel(&options, range.lowerBound, range.upperBound, rows, scales, tasks, gradients)
        }
    }
}

extension Arguments {
    fileprivate mutating func options(
        _ function: PointwiseLoss.Function, rows: Int, columns: Int, positiveWeights: Bool, mask: Bool
    ) -> concord_pointwise_loss_options {
        concord_pointwise_loss_options(
            predictions: floats(rows * columns), targets: floats(rows * columns),
            positive_weights: floats(columns, if: positiveWeights), mask: floats(rows, if: mask), columns: columns,
            delta: function == .huber ? scalar() : 0)
    }
}
