import Foundation

/// Uncertainty weighting (UW): minimises `Σ ½·e^(-sᵢ)·Lᵢ + ½·sᵢ` over the parameters and the log variances s.
///
/// The weights are `½·e^(-sᵢ)`; s follows its gradient with Adam at the step's learning rate. Remembers s and its moments.
/// Needs losses.
///
/// Parameter: `initial` = 0, the first s.
///
/// Source: Kendall, Gal, Cipolla, "Multi-Task Learning Using Uncertainty to Weigh Losses for Scene Geometry and
/// Semantics", CVPR 2018.
public struct UncertaintyWeighting: LossWeighting {
    public static let name = "uw"
    public static let reduction = Reduction.sum
    public static let needsLosses = true

    public var initial: Double
    private var logVariances = ScalarAdam()

    public init(initial: Double = 0) { self.initial = initial }

    public init(_ parameters: inout MethodParameters) throws(WeightingError) {
        initial = try parameters.number("initial", default: 0, "a number") { _ in true }
    }

    public mutating func reset() { logVariances = ScalarAdam() }

    public mutating func weights(in step: StepContext) throws(WeightingError) -> [Double] {
        let losses = try step.requireLosses(for: UncertaintyWeighting.name)
        logVariances.prepare(step.taskCount, initial: initial)
        let weights = step.tasks.map { exp(-logVariances.values[$0]) / 2 }
        for (row, task) in step.tasks.enumerated() {
            logVariances.step(task, gradient: 0.5 - weights[row] * losses[row], learningRate: step.learningRate)
        }
        return weights
    }
}
