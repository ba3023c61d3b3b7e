import CPUKernels
import Compute

extension CPUDevice {
    func run(_ fill: Fill, _ arguments: inout Arguments) {
        let output = arguments.floats(fill.count)
        let value = arguments.scalar()
        workers.elements(fill.count) { range in concord_fill(output + range.lowerBound, range.count, value) }
    }
}
