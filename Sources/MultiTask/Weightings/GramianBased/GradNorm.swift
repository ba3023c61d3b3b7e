import Foundation

/// Gradient normalisation (GradNorm): learns weights that make the tasks' gradients as large as their training rates ask.
///
/// `w = K·softmax(ω)`. The weighted norms `wᵢ‖gᵢ‖` are to be their mean times `rᵢ^α`, where `rᵢ` is the relative loss
/// `Lᵢ/Lᵢ(0)` over its mean; ω follows the gradient of the sum of deviations with Adam at the step's learning rate.
/// `Lᵢ(0)` is the mean loss of the first epoch, in which all weights are 1. Of G only the diagonal is used.
///
/// O(K), independent of the number of parameters. Remembers ω, its moments and the initial losses. Needs losses.
///
/// Parameter: `alpha` = 1.5.
///
/// Source: Chen, Badrinarayanan, Lee, Rabinovich, "GradNorm: Gradient Normalization for Adaptive Loss Balancing in Deep
/// Multitask Networks", ICML 2018, algorithm 1.
public struct GradNorm: GramianWeighting {
    public static let name = "gradnorm"
    public static let reduction = Reduction.sum

    public var alpha: Double
    private var logits = ScalarAdam()
    /// By number of the task.
    private var initialLosses: [Double?] = []

    /// - Precondition: `alpha` is not negative.
    public init(alpha: Double = 1.5) {
        precondition(alpha >= 0, "GradNorm: alpha \(alpha)")
        self.alpha = alpha
    }

    public init(_ parameters: inout MethodParameters) throws(WeightingError) {
        alpha = try parameters.nonNegative("alpha", default: 1.5)
    }

    public mutating func reset() { (logits, initialLosses) = (ScalarAdam(), []) }

    public mutating func finishEpoch(meanLosses: [Double?]) {
        if initialLosses.isEmpty { initialLosses = meanLosses }
    }

    public mutating func weights(
        for gramian: SquareMatrix, in step: StepContext
    ) throws(WeightingError) -> [Double] {
        let losses = try step.requireLosses(for: GradNorm.name)
        let count = gramian.size
        logits.prepare(step.taskCount, initial: 0)
        let shares = Simplex.softmax(step.tasks.map { logits.values[$0] })
        let weights = shares.map { $0 * Double(count) }
        if initialLosses.count != step.taskCount { return weights }
        var ratios = [Double](repeating: 1, count: count)
        for (row, task) in step.tasks.enumerated() {
            if let initial = initialLosses[task], initial > 0 { ratios[row] = max(losses[row], 0) / initial }
        }
        let norms = gramian.diagonal.map { max($0, 0).squareRoot() }
        let weighted = zip(weights, norms).map(*)
        let (meanNorm, meanRatio) = (weighted.reduce(0, +) / Double(count), ratios.reduce(0, +) / Double(count))
        guard meanNorm > 0, meanRatio > 0 else { return weights }
        // In units of the mean norm, so that the size of the gradients does not act as a learning rate.
        let slopes = (0..<count).map { row in
            let deviation = weighted[row] / meanNorm - pow(ratios[row] / meanRatio, alpha)
            return deviation == 0 ? 0 : (deviation > 0 ? 1 : -1) * norms[row] / meanNorm
        }
        let average = zip(slopes, shares).reduce(0) { $0 + $1.0 * $1.1 }
        for (row, task) in step.tasks.enumerated() {
            logits.step(
                task, gradient: Double(count) * shares[row] * (slopes[row] - average), learningRate: step.learningRate)
        }
        return weights
    }
}
