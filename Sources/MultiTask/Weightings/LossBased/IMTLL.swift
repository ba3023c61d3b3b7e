import Foundation

/// Impartial multi-task learning for losses (IMTL-L): minimises `Σ e^(sᵢ)·Lᵢ - sᵢ` over the parameters and s.
///
/// The weights are `e^(sᵢ)`, which s drives to where all weighted losses are 1. It follows its gradient with Adam at the
/// step's learning rate. Remembers s and its moments. Needs losses.
///
/// Parameter: `initial` = 0, the first s.
///
/// Source: Liu et al., "Towards Impartial Multi-task Learning", ICLR 2021, section 3.2.
public struct IMTLL: LossWeighting {
    public static let name = "imtl-l"
    public static let reduction = Reduction.sum
    public static let needsLosses = true

    public var initial: Double
    private var scales = ScalarAdam()

    public init(initial: Double = 0) { self.initial = initial }

    public init(_ parameters: inout MethodParameters) throws(WeightingError) {
        initial = try parameters.number("initial", default: 0, "a number") { _ in true }
    }

    public mutating func reset() { scales = ScalarAdam() }

    public mutating func weights(in step: StepContext) throws(WeightingError) -> [Double] {
        let losses = try step.requireLosses(for: IMTLL.name)
        scales.prepare(step.taskCount, initial: initial)
        let weights = step.tasks.map { exp(scales.values[$0]) }
        for (row, task) in step.tasks.enumerated() {
            scales.step(task, gradient: weights[row] * losses[row] - 1, learningRate: step.learningRate)
        }
        return weights
    }
}
