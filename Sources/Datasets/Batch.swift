/// Samples that a training step takes together, in host memory.
public struct Batch: Hashable, Sendable {
    /// `[rows] + inputShape`.
    public var inputs: HostTensor
    /// Per task: Int32 `[rows]` for classes, Float `[rows, columns]` for regression.
    public var targets: [String: HostTensor]
    /// Weights of the samples, Float `[rows]`, for the tasks that have them; a task without counts every sample once.
    public var masks: [String: HostTensor]

    public init(inputs: HostTensor, targets: [String: HostTensor], masks: [String: HostTensor] = [:]) {
        precondition(inputs.shape.rank > 0, "Batch: the inputs are a scalar, they need a batch axis")
        for (task, tensor) in targets {
            precondition(
                tensor.shape.first == inputs.shape[0],
                "Batch: targets of \"\(task)\" have shape \(tensor.shape), inputs have shape \(inputs.shape)")
        }
        for (task, tensor) in masks {
            precondition(
                tensor.shape == [inputs.shape[0]],
                "Batch: mask of \"\(task)\" has shape \(tensor.shape), inputs have shape \(inputs.shape)")
        }
        self.inputs = inputs
        self.targets = targets
        self.masks = masks
    }

    /// Number of samples.
    public var count: Int { inputs.shape[0] }
}
