import CPUKernels
import Compute

extension CPUDevice {
    func run(_ fill: RandomFill, _ arguments: inout Arguments) {
        let output = arguments.floats(fill.count)
        let (first, second) = (arguments.scalar(), arguments.scalar())
        let position = arguments.randomPosition
        let kernel =
            switch fill.distribution {
            case .uniform: concord_random_uniform
            case .normal: concord_random_normal
            }
        workers.elements(fill.count, cost: 8) { range in
            kernel(
                output, range.lowerBound, range.upperBound, first, second, position.seed, position.stream,
                position.block)
        }
    }
}
