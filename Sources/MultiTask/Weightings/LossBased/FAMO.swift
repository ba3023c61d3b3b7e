import Foundation

/// Fast adaptive multi-task optimization (FAMO): lets all losses fall at the same relative rate, for one more forward pass.
///
/// With `z = softmax(ξ)` the weights are `c·zᵢ/(Lᵢ + ε)`, where c makes them sum to 1. After the step the losses of the same
/// samples are computed again; with `δ = log L - log L'`, ξ follows `(diag z - zzᵀ)·δ` with Adam. The second forward pass
/// draws the same dropout masks and leaves the statistics of batch normalisation as they are. Remembers ξ and its
/// moments. Needs losses above 0.
///
/// Parameters: `learningRate` = 0.025 and `weightDecay` = 0.001 of ξ.
///
/// Source: Liu, Feng, Stone, Liu, "FAMO: Fast Adaptive Multitask Optimization", NeurIPS 2023, algorithm 1.
public struct FAMO: LossWeighting {
    public static let name = "famo"
    public static let reduction = Reduction.mean
    public static let needsLosses = true
    public static let needsLossesAfterStep = true
    private static let epsilon = 1e-8

    public var learningRate: Double
    public var weightDecay: Double
    private var logits = ScalarAdam()

    /// - Precondition: both are not negative.
    public init(learningRate: Double = 0.025, weightDecay: Double = 0.001) {
        precondition(learningRate >= 0 && weightDecay >= 0, "FAMO: rate \(learningRate), decay \(weightDecay)")
        (self.learningRate, self.weightDecay) = (learningRate, weightDecay)
    }

    public init(_ parameters: inout MethodParameters) throws(WeightingError) {
        learningRate = try parameters.nonNegative("learningRate", default: 0.025)
        weightDecay = try parameters.nonNegative("weightDecay", default: 0.001)
    }

    public mutating func reset() { logits = ScalarAdam() }

    public mutating func weights(in step: StepContext) throws(WeightingError) -> [Double] {
        let losses = try step.requirePositiveLosses(for: FAMO.name)
        logits.prepare(step.taskCount, initial: 0)
        let shares = Simplex.softmax(step.tasks.map { logits.values[$0] })
        let quotients = zip(shares, losses).map { $0 / ($1 + FAMO.epsilon) }
        let sum = quotients.reduce(0, +)
        return quotients.map { $0 / sum }
    }

    public mutating func learn(from losses: [Double], lossesAfterStep: [Double], in step: StepContext) {
        logits.prepare(step.taskCount, initial: 0)
        let shares = Simplex.softmax(step.tasks.map { logits.values[$0] })
        let changes = zip(losses, lossesAfterStep).map { before, after in
            // A loss that has overflowed or reached zero says nothing about rates.
            let change = log(before + FAMO.epsilon) - log(max(after, 0) + FAMO.epsilon)
            return change.isFinite ? change : 0
        }
        let average = zip(shares, changes).reduce(0) { $0 + $1.0 * $1.1 }
        for (row, task) in step.tasks.enumerated() {
            logits.step(
                task, gradient: shares[row] * (changes[row] - average), learningRate: learningRate,
                weightDecay: weightDecay)
        }
    }
}
