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
}
