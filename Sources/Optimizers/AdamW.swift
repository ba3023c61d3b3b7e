import Compute

/// ``Adam`` whose weight decay shrinks the weights themselves instead of entering the moments.
///
/// Source: Loshchilov, Hutter, "Decoupled Weight Decay Regularization", ICLR 2019, algorithm 2.
public struct AdamW: OptimizerRule {
    private let adam: Adam

    public var beta1: Float { adam.beta1 }
    public var beta2: Float { adam.beta2 }
    public var epsilon: Float { adam.epsilon }
    public var weightDecay: Float { adam.weightDecay }

    /// - Precondition: both betas are in 0..<1.
    public init(beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0.01) {
        adam = Adam(beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay)
    }

    public var stateNames: [String] { adam.stateNames }
    public var primitive: OptimizerStep.Rule { .adam(decoupledDecay: true) }

    public func scalars(learningRate: Float, decays: Bool, step: Int) -> [Float] {
        adam.scalars(learningRate: learningRate, decays: decays, step: step)
    }
}
