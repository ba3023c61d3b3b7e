import CPUKernels
import Compute

extension CPUDevice {
    func run(_ mean: WeightedMean, _ arguments: inout Arguments) {
        let values = arguments.floats(mean.count)
        let weights = arguments.floats(mean.count)
        concord_weighted_mean(values, weights, mean.count, arguments.floats(2))
    }
}
