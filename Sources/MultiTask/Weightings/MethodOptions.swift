/// What can be asked of every method.
public struct MethodOptions: Hashable, Codable, Sendable {
    /// What the gradients are divided by before the method sees them: a row of J, and so a row and a column of G.
    /// The result is a combination of the divided gradients.
    ///
    /// Source: Sener, Koltun, "Multi-Task Learning as Multi-Objective Optimization", NeurIPS 2018, whose code calls them
    /// `l2`, `loss` and `loss+`.
    public enum Normalization: String, Hashable, Codable, Sendable, CaseIterable {
        case none
        /// The gradient's norm.
        case l2
        /// The task's loss: the gradients of log losses.
        case loss
        /// Norm times loss.
        case lossL2
    }

    /// What the result is scaled to.
    public enum Rescaling: String, Hashable, Codable, Sendable, CaseIterable {
        case none
        /// The norm of the sum of the gradients, so that a method can be compared at the learning rate of `sum`.
        case matchSumNorm
    }

    /// `sum` adds the tasks up, `mean` divides by their number; nil takes what the method's authors do.
    public var reduction: Reduction?
    public var normalization: Normalization
    public var rescaling: Rescaling
    /// Whether the gradients of parameters that a single task has are multiplied by the task's weight, too. Loss-based
    /// methods do so by their nature. For the others the default is no: a head follows its own gradient.
    public var weightsHeads: Bool
    /// The share of the previous weights in the new ones, see ``CRMOGM``; 0 keeps none.
    public var momentum: Double

    public init(
        reduction: Reduction? = nil, normalization: Normalization = .none, rescaling: Rescaling = .none,
        weightsHeads: Bool = false, momentum: Double = 0
    ) {
        self.reduction = reduction
        self.normalization = normalization
        self.rescaling = rescaling
        self.weightsHeads = weightsHeads
        self.momentum = momentum
    }

    /// What the result of a method is multiplied by.
    func factor(from own: Reduction, tasks: Int) -> Double {
        switch (own, reduction ?? own) {
        case (.sum, .mean): 1 / Double(max(tasks, 1))
        case (.mean, .sum): Double(tasks)
        case (.sum, .sum), (.mean, .mean): 1
        }
    }

    /// What every gradient is multiplied by before the method sees it; nil changes nothing.
    ///
    /// - Parameter squaredNorms: the diagonal of G.
    func gradientFactors(
        squaredNorms: [Double], in step: StepContext, method: String
    ) throws(WeightingError) -> [Double]? {
        if normalization == .none { return nil }
        var factors = [Double](repeating: 1, count: squaredNorms.count)
        if normalization != .loss {
            // A zero gradient stays zero.
            for (row, square) in squaredNorms.enumerated() where square > 0 { factors[row] = 1 / square.squareRoot() }
        }
        if normalization != .l2 {
            for (row, loss) in try step.requireLosses(for: "\(method)\" with normalize \"\(normalization)").enumerated() {
                guard loss > 0 else { throw .lossNotPositive(method: method, task: step.tasks[row], value: loss) }
                factors[row] /= loss
            }
        }
        return factors
    }
}
