import Networks

/// One of the things that a network learns.
///
/// (Swift's concurrency owns the name `Task`.)
public struct LearningTask: Hashable, Sendable {
    /// The name in datasets, checkpoints and reports.
    public var name: String
    public var loss: Loss
    /// Factor on the loss: the task's fixed priority.
    public var weight: Float

    public init(_ name: String, loss: Loss, weight: Float = 1) {
        self.name = name
        self.loss = loss
        self.weight = weight
    }
}
