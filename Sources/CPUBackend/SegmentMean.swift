import CPUKernels
import Compute

extension CPUDevice {
    func run(_ mean: SegmentMean, _ arguments: inout Arguments) {
        let (rows, segments, width) = (mean.rows, mean.segments, mean.width)
        let input = arguments.floats(rows * width)
        let starts = arguments.integers(segments + 1)
        let result = arguments.floats(segments * width)
        workers.rows(segments, columns: rows / max(segments, 1) * width) { part in
            for segment in part {
                let first = Int(starts[segment])
                concord_mean_of_rows(
                    input + first * width, Int(starts[segment + 1]) - first, width, result + segment * width)
            }
        }
    }

    func run(_ gradient: SegmentMeanGradient, _ arguments: inout Arguments) {
        let (rows, segments, width, tasks) = (gradient.rows, gradient.segments, gradient.width, gradient.tasks)
        let starts = arguments.integers(segments + 1)
        let deltas = arguments.floats(tasks * segments * width)
        let gradients = arguments.floats(tasks * rows * width)
        workers.rows(tasks * segments, columns: rows / max(segments, 1) * width) { part in
            for place in part {
                let (task, segment) = place.quotientAndRemainder(dividingBy: segments)
                let first = Int(starts[segment])
                concord_mean_of_rows_gradient(
                    deltas + place * width, Int(starts[segment + 1]) - first, width,
                    gradients + (task * rows + first) * width)
            }
        }
        let (first, end) = (Int(starts[0]), Int(starts[segments]))
        for task in 0..<tasks {
            (gradients + task * rows * width).update(repeating: 0, count: first * width)
            (gradients + (task * rows + end) * width).update(repeating: 0, count: (rows - end) * width)
        }
    }
}
