import CPUKernels
import Compute

extension CPUDevice {
    func run(_ loss: CrossEntropy, _ arguments: inout Arguments) {
        let options = arguments.options(loss.options, rows: loss.rows, classes: loss.classes)
        let losses = arguments.floats(loss.rows)
        let weights = arguments.floats(loss.rows)
        workers.rows(loss.rows, columns: loss.classes, cost: 4) { rows in
            var options = options
            concord_cross_entropy(&options, rows.lowerBound, rows.upperBound, losses, weights)
        }
    }

    func run(_ gradient: CrossEntropyGradient, _ arguments: inout Arguments) {
        let (rows, classes, tasks) = (gradient.rows, gradient.classes, gradient.tasks)
        let options = arguments.options(gradient.options, rows: rows, classes: classes)
        let scales = arguments.lossScales(tasks: tasks)
        let gradients = arguments.floats(tasks * rows * classes)
        workers.rows(rows, columns: classes, cost: 4) { range in
            var options = options
            concord_cross_entropy_gradient(
                &options, range.lowerBound, range.upperBound, rows, scales, tasks, gradients)
        }
    }
}

extension Arguments {
    fileprivate mutating func options(
        _ options: CrossEntropyOptions, rows: Int, classes: Int
    ) -> concord_cross_entropy_options {
        concord_cross_entropy_options(
            logits: floats(rows * classes), labels: integers(rows),
            class_weights: floats(classes, if: options.classWeights), mask: floats(rows, if: options.mask),
            classes: classes, ignored_label: options.ignoredLabel, smoothing: options.labelSmoothing)
    }

    /// What the gradient of every row's loss is multiplied by, per task: the cotangent of the mean over the sum of the
    /// weights.
    mutating func lossScales(tasks: Int) -> [Float] {
        let cotangents = floats(tasks)
        let mean = floats(2)
        return (0..<tasks).map { cotangents[$0] * mean[1] }
    }
}
