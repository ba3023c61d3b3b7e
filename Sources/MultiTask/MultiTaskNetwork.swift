import Compute
import Networks
import Tensors

/// A network with one output per task.
public protocol MultiTaskNetwork {
    /// Number of tasks.
    var taskCount: Int { get }

    /// The predictions of some tasks for one input: by task, nil for those that are not asked for.
    ///
    /// Networks spare the work that only others need. Terms that a network wants to be minimised besides the tasks' losses
    /// go to ``ForwardContext/add(auxiliaryLoss:task:)``.
    func predictions(
        for input: Tensor, tasks: Set<Int>, in context: ForwardContext
    ) throws(ComputeError) -> [Tensor?]

    /// The network in two parts, where all tasks have the same features; nil where they differ from task to task.
    var split: SplitNetwork? { get }
}

/// A body that computes features for all tasks, and what every task makes of them.
public struct SplitNetwork {
    /// Everything up to the features.
    public let body: any Layer
    /// In the order of the tasks.
    public let heads: [any Layer]

    public init(body: any Layer, heads: [any Layer]) {
        self.body = body
        self.heads = heads
    }
}

extension MultiTaskNetwork {
    public var split: SplitNetwork? { nil }

    /// The predictions for one input, in the order of the tasks.
    public func predictions(for input: Tensor, in context: ForwardContext) throws(ComputeError) -> [Tensor] {
        try predictions(for: input, tasks: Set(0..<taskCount), in: context).enumerated().map { task, prediction in
            guard let prediction else { preconditionFailure("no prediction of task \(task), which was asked for") }
            return prediction
        }
    }
}
