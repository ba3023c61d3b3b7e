import Compute

/// How an optimizer turns gradients into a change of the parameters.
///
/// A rule is a plain value; what it remembers between steps lies in state tensors that ``Optimizer`` holds.
public protocol OptimizerRule: Hashable, Sendable {
    /// What the state tensors are called, in the order of the primitive's operands.
    var stateNames: [String] { get }
    /// The primitive that takes the step.
    var primitive: OptimizerStep.Rule { get }

    /// The primitive's scalars.
    ///
    /// - Parameters:
    ///   - learningRate: with the group's multiplier.
    ///   - decays: whether weight decay applies.
    ///   - step: number of the step, from 1.
    func scalars(learningRate: Float, decays: Bool, step: Int) -> [Float]
}
