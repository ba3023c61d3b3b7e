/// A method that weights the losses: a step is one plain backward pass over `Σₖ wₖ·Lₖ`.
///
/// The weights reach heads and trunk alike.
public protocol LossWeighting: WeightingMethod {
    /// Whether the weights follow from the losses of the same step, which are then read before the backward pass.
    static var needsLosses: Bool { get }
    /// Whether ``learn(from:lossesAfterStep:in:)`` is called, for which the losses are computed once more.
    static var needsLossesAfterStep: Bool { get }

    /// - Returns: a weight per task that takes part.
    mutating func weights(in step: StepContext) throws(WeightingError) -> [Double]

    /// Learns what a step has changed.
    ///
    /// - Parameters:
    ///   - losses: those before the step, of the tasks that took part.
    ///   - lossesAfterStep: those of the same samples with the new parameters.
    mutating func learn(from losses: [Double], lossesAfterStep: [Double], in step: StepContext)
}

extension LossWeighting {
    public static var needsLosses: Bool { false }
    public static var needsLossesAfterStep: Bool { false }
    public mutating func learn(from losses: [Double], lossesAfterStep: [Double], in step: StepContext) {}
}
