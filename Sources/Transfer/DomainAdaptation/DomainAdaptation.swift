import Datasets
import MultiTask
import Networks

/// How features are made alike for a source domain with labels and a target domain without.
///
/// The domain term is one more task, ``AdaptationDataset/domainTask``, whose head is fed with the trunk's features.
public struct DomainAdaptation: Hashable, Sendable {
    public enum Method: Hashable, Sendable {
        /// Domain-adversarial training: a classifier learns to tell the domains apart, and the trunk, by its reversed
        /// gradient, to make that impossible.
        ///
        /// - Parameters:
        ///   - hidden: units of the classifier's hidden layers.
        ///   - factor: of the reversed gradient at the end of the run, see ``GradientReversalLayer``.
        ///
        /// Source: Ganin et al., "Domain-Adversarial Training of Neural Networks", JMLR 17, 2016.
        case adversarial(hidden: [Int] = [64], factor: Float = 1)
        /// The discrepancy of the features is a loss.
        case discrepancy(DomainDiscrepancy)
    }

    public var method: Method
    /// Factor on the domain term.
    public var weight: Float
    /// Whether a weighting sees the domain term as a task of its own, a row of the Jacobian. If not, it is part of every
    /// task's loss, in equal shares.
    public var isTask: Bool

    public init(_ method: Method, weight: Float = 1, isTask: Bool = true) {
        self.method = method
        self.weight = weight
        self.isTask = isTask
    }

    /// The domain term as a task.
    public var task: LearningTask {
        let loss: Loss =
            switch method {
            case .adversarial: .binaryCrossEntropy()
            case .discrepancy(let discrepancy): .domainDiscrepancy(discrepancy)
            }
        return LearningTask(
            AdaptationDataset.domainTask, loss: loss, weight: weight, role: isTask ? .auxiliary : .regularizer)
    }

    /// What makes the task's prediction of features.
    ///
    /// - Parameters:
    ///   - scope: of the head.
    ///   - inputs: number of features.
    ///   - steps: of the run, over which the reversal grows; nil has it at full strength throughout.
    public func head(_ scope: ParameterScope, inputs: Int, steps: Int?) -> any Layer {
        switch method {
        case .adversarial(let hidden, let factor):
            Sequential([
                GradientReversalLayer(factor: factor, steps: steps),
                MLP(scope, inputs: inputs, hidden: hidden, outputs: 1),
            ])
        case .discrepancy: Sequential([])
        }
    }
}
