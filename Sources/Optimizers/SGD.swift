import Compute

/// Stochastic gradient descent, with momentum on request, as PyTorch's `SGD` without dampening.
///
/// `g += decay·w; v = momentum·v + g; w -= rate·v`, or `w -= rate·(g + momentum·v)` with Nesterov's momentum.
///
/// Source: Sutskever, Martens, Dahl, Hinton, "On the Importance of Initialization and Momentum in Deep Learning",
/// ICML 2013.
public struct SGD: OptimizerRule {
    public var momentum: Float
    public var nesterov: Bool
    public var weightDecay: Float

    /// - Precondition: Nesterov's momentum needs a momentum.
    public init(momentum: Float = 0, nesterov: Bool = false, weightDecay: Float = 0) {
        precondition(momentum >= 0 && weightDecay >= 0, "SGD: momentum \(momentum) or weight decay \(weightDecay) < 0")
        precondition(!nesterov || momentum > 0, "SGD: Nesterov's momentum without momentum")
        self.momentum = momentum
        self.nesterov = nesterov
        self.weightDecay = weightDecay
    }

    public var stateNames: [String] { momentum > 0 ? ["momentum"] : [] }
    public var primitive: OptimizerStep.Rule { .sgd(momentum: momentum > 0, nesterov: nesterov) }

    public func scalars(learningRate: Float, decays: Bool, step: Int) -> [Float] {
        [learningRate, momentum, decays ? weightDecay : 0]
    }
}
