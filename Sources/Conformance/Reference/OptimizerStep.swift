import Compute

extension Reference {
    /// The values and the state vectors after the step.
    static func optimizerStep(
        _ step: OptimizerStep, values: [Float], gradients: [Float], state: [[Float]], scale: Float?, scalars: [Float]
    ) -> (values: [Estimate], state: [[Estimate]]) {
        let scalars = scalars.map { Estimate($0) }
        var result = (values: [Estimate](), state: state.map { _ in [Estimate]() })
        for index in 0..<step.count {
            var w = Estimate(values[index])
            var g = Estimate(gradients[index])
            if let scale { g = g * Estimate(scale) }
            switch step.rule {
            case .sgd(let hasMomentum, let nesterov):
                let (rate, momentum, decay) = (scalars[0], scalars[1], scalars[2])
                g = g + decay * w
                if hasMomentum {
                    let v = momentum * Estimate(state[0][index]) + g
                    w = w - rate * (nesterov ? g + momentum * v : v)
                    result.state[0].append(v)
                } else {
                    w = w - rate * g
                }
            case .adam(let decoupledDecay):
                let (rate, beta1, beta2, epsilon, decay) = (scalars[0], scalars[1], scalars[2], scalars[3], scalars[4])
                let (c1, c2) = (scalars[5], scalars[6])
                if decoupledDecay { w = w - rate * decay * w } else { g = g + decay * w }
                let m = beta1 * Estimate(state[0][index]) + (1 - beta1) * g
                let s = beta2 * Estimate(state[1][index]) + (1 - beta2) * g * g
                w = w - rate * (m / c1) / ((s / c2).squareRoot() + epsilon)
                result.state[0].append(m)
                result.state[1].append(s)
            }
            result.values.append(w)
        }
        return result
    }
}
