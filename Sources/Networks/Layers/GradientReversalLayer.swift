import Compute
import Foundation
import Tensors

/// Passes features on, and turns their derivative around on the way back, ever stronger as training goes on.
///
/// The derivative is multiplied by -λ with λ = factor·(2 / (1 + exp(-10·p)) - 1), p being the share of the steps that are
/// behind the run: 0 in the beginning, when the classifier behind knows nothing yet, and `factor` at the end.
///
/// Source: Ganin, Lempitsky, "Unsupervised Domain Adaptation by Backpropagation", ICML 2015, section 4.1.
public struct GradientReversalLayer: Layer {
    /// λ at the end of the run.
    public let factor: Float
    /// Steps of the run; nil keeps λ at `factor` throughout.
    public let steps: Int?

    public init(factor: Float = 1, steps: Int?) {
        self.factor = factor
        self.steps = steps
    }

    /// λ in a step, the first of a run being 1.
    public func strength(at step: Int) -> Float {
        guard let steps else { return factor }
        let progress = min(max(Double(step - 1) / Double(max(steps, 1)), 0), 1)
        return factor * Float(2 / (1 + exp(-10 * progress)) - 1)
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        input.reversingGradient(factor: strength(at: context.step))
    }
}
