import CPUKernels
import Compute

extension CPUDevice {
    func run(_ step: OptimizerStep, _ arguments: inout Arguments) {
        let values = arguments.floats(step.count)
        let gradients = arguments.floats(step.count)
        switch step.rule {
        case .sgd(let hasMomentum, let nesterov):
            let velocities = arguments.floats(step.count, if: hasMomentum)
            let scale = arguments.floats(1, if: step.scaled)?.pointee ?? 1
            let (rate, momentum, decay) = (arguments.scalar(), arguments.scalar(), arguments.scalar())
            workers.elements(step.count) { range in
                let first = range.lowerBound
                concord_sgd(
                    values + first, gradients + first, velocities.map { $0 + first }, range.count, scale, rate,
                    momentum, decay, nesterov ? 1 : 0)
            }
        case .adam(let decoupledDecay):
            let means = arguments.floats(step.count)
            let squares = arguments.floats(step.count)
            let scale = arguments.floats(1, if: step.scaled)?.pointee ?? 1
            let options = concord_adam_options(
                rate: arguments.scalar(), beta1: arguments.scalar(), beta2: arguments.scalar(),
                epsilon: arguments.scalar(), decay: arguments.scalar(), correction1: arguments.scalar(),
                correction2: arguments.scalar(), decoupled: decoupledDecay ? 1 : 0)
            workers.elements(step.count) { range in
                let first = range.lowerBound
                var options = options
                concord_adam(
                    values + first, gradients + first, means + first, squares + first, range.count, scale, &options)
            }
        }
    }
}
