import Compute
import Foundation

/// Adaptive moment estimation; weight decay is added to the gradient, as in PyTorch's `Adam`.
///
/// Source: Kingma, Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, algorithm 1.
public struct Adam: OptimizerRule {
    public var beta1: Float
    public var beta2: Float
    public var epsilon: Float
    public var weightDecay: Float

    /// - Precondition: both betas are in 0..<1.
    public init(beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0) {
        precondition(
            (0..<1).contains(beta1) && (0..<1).contains(beta2), "Adam: betas \(beta1) and \(beta2) outside 0..<1")
        precondition(epsilon >= 0 && weightDecay >= 0, "Adam: epsilon \(epsilon) or weight decay \(weightDecay) < 0")
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
    }

    public var stateNames: [String] { ["firstMoment", "secondMoment"] }
    public var primitive: OptimizerStep.Rule { .adam(decoupledDecay: false) }

    public func scalars(learningRate: Float, decays: Bool, step: Int) -> [Float] {
        [
            learningRate, beta1, beta2, epsilon, decays ? weightDecay : 0, Adam.biasCorrection(beta1, step: step),
            Adam.biasCorrection(beta2, step: step),
        ]
    }

    /// `1 - βᵗ`, in Float64 because β₂ᵗ stays close to 1 for many steps.
    private static func biasCorrection(_ beta: Float, step: Int) -> Float {
        Float(1 - pow(Double(beta), Double(step)))
    }
}
