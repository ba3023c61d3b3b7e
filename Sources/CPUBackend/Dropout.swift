import CPUKernels
import Compute

extension CPUDevice {
    func run(_ dropout: Dropout, _ arguments: inout Arguments) {
        let input = arguments.floats(dropout.tasks * dropout.count)
        let output = arguments.floats(dropout.tasks * dropout.count)
        let probability = arguments.scalar()
        let position = arguments.randomPosition
        workers.elements(dropout.count, cost: 4) { range in
            concord_dropout(
                input, output, range.lowerBound, range.upperBound, dropout.count, dropout.tasks, probability,
                position.seed, position.stream, position.block)
        }
    }
}
