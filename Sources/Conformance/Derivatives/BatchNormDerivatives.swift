import Compute
import Tensors

extension DerivativeCase {
    static let batchNorm: [DerivativeCase] = ([[7, 5], [2, 3, 3, 5]] as [Shape]).flatMap { shape in
        [Activation.none, .relu, .relu6].flatMap { activation in
            // Every channel has each value equally often, so that the normalised ones stay away from 0 and 6.
            let inputs = [
                DerivativeInput(
                    shape, activation == .none ? .uniform(-1...1) : .cycle([-2, 0.5, -0.5, 2])),
                DerivativeInput([5], activation == .relu6 ? .uniform(5...5.5) : .signed(0.5...1.5)),
                DerivativeInput([5], .uniform(-0.1...0.1)),
            ]
            return [
                DerivativeCase("BatchNorm", "batch statistics, \(shape), activation \(activation)", inputs) {
                    // Running statistics of each call's own, because they move.
                    try $0[0].batchNorm(
                        scale: $0[1], shift: $0[2], runningMean: Tensor.filled(with: 0, [5], on: $0[0].device),
                        runningVariance: Tensor.filled(with: 1, [5], on: $0[0].device), activation: activation)
                },
                DerivativeCase("BatchNorm", "running statistics, \(shape), activation \(activation)", inputs) {
                    try $0[0].batchNormInference(
                        scale: $0[1], shift: $0[2],
                        runningMean: Tensor([0.1, -0.2, 0, 0.3, -0.1], shape: [5], on: $0[0].device),
                        runningVariance: Tensor([0.9, 0.6, 1, 1.4, 1.2], shape: [5], on: $0[0].device),
                        activation: activation)
                },
            ]
        }
    }
}
