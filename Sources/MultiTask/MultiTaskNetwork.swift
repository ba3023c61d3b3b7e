import Compute
import Networks
import Tensors

/// A network with one output per task.
public protocol MultiTaskNetwork {
    /// The predictions for one input, in the order of the tasks.
    ///
    /// Terms that a network wants to be minimised besides the tasks' losses go to
    /// ``ForwardContext/add(auxiliaryLoss:task:)``.
    func predictions(for input: Tensor, in context: ForwardContext) throws(ComputeError) -> [Tensor]

    /// The predictions of some tasks, nil for the others; an order like that of the tasks.
    ///
    /// A network that can spare the work for the others does so. By default they are computed, too.
    func predictions(
        for input: Tensor, tasks: Set<Int>, in context: ForwardContext
    ) throws(ComputeError) -> [Tensor?]
}

extension MultiTaskNetwork {
    public func predictions(
        for input: Tensor, tasks: Set<Int>, in context: ForwardContext
    ) throws(ComputeError) -> [Tensor?] {
        try predictions(for: input, in: context)
    }
}
