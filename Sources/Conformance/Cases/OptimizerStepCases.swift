import Compute

/// Every rule with and without weight decay and clipping, at the first step and later.
enum OptimizerStepCases {
    static var all: [ConformanceCase] {
        rules.flatMap { rule in
            [1, 3, 17, 33, 65, 130, 257, 1000, 100_003].flatMap { count in
                [false, true].flatMap { scaled in
                    [Float(0), 0.1].map { decay in make(OptimizerStep(rule, count: count, scaled: scaled), decay: decay)
                    }
                }
            }
        }
    }

    private static let rules: [OptimizerStep.Rule] = [
        .sgd(momentum: false, nesterov: false), .sgd(momentum: true, nesterov: false),
        .sgd(momentum: true, nesterov: true), .adam(decoupledDecay: false), .adam(decoupledDecay: true),
    ]

    private static func make(_ step: OptimizerStep, decay: Float) -> ConformanceCase {
        var name = name(of: step.rule) + " \(step.count)"
        if step.scaled { name += " scaled" }
        if decay > 0 { name += " decay" }
        return ConformanceCase("OptimizerStep", name, .optimizerStep(step)) { data in
            let values = data.floats(step.count, in: -2...2)
            let gradients = data.floats(step.count)
            let state: [[Float]]
            let scalars: [Float]
            switch step.rule {
            case .sgd(let momentum, _):
                state = momentum ? [data.floats(step.count)] : []
                scalars = [0.1, 0.9, decay]
            case .adam:
                // Without decay the first step, whose state is zero.
                let first = decay == 0
                state = [
                    data.floats(step.count, in: first ? 0...0 : -1...1),
                    data.floats(step.count, in: first ? 0...0 : 0...1),
                ]
                scalars =
                    first ? [0.01, 0.9, 0.999, 1e-8, 0, 0.1, 0.001] : [0.01, 0.9, 0.999, 1e-8, decay, 0.41, 0.005]
            }
            let scale: Float? = step.scaled ? 0.37 : nil
            let expected = Reference.optimizerStep(
                step, values: values, gradients: gradients, state: state, scale: scale, scalars: scalars)
            var trial = Trial(.optimizerStep(step), scalars: scalars)
            trial.output("values", expected.values, contents: values)
            trial.input("gradients", gradients)
            for (index, state) in state.enumerated() {
                trial.output("state \(index)", expected.state[index], contents: state)
            }
            if let scale { trial.input("scale", [scale]) }
            return trial
        }
    }

    private static func name(of rule: OptimizerStep.Rule) -> String {
        switch rule {
        case .sgd(momentum: false, _): "sgd"
        case .sgd(momentum: true, nesterov: false): "sgd with momentum"
        case .sgd(momentum: true, nesterov: true): "sgd with Nesterov momentum"
        case .adam(decoupledDecay: false): "adam"
        case .adam(decoupledDecay: true): "adamW"
        }
    }
}
