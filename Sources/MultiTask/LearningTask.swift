import Networks

/// One of the things that a network learns.
///
/// (Swift's concurrency owns the name `Task`.)
public struct LearningTask: Hashable, Sendable {
    /// What a task is to the others.
    public enum Role: Hashable, Sendable {
        /// What the network is for.
        case goal
        /// Learns beside the goals, but does not count where the best epoch is chosen.
        case auxiliary
        /// Not a task of its own for the method: its loss is a part of every goal's, in equal shares.
        case regularizer
    }

    /// The name in datasets, checkpoints and reports.
    public var name: String
    public var loss: Loss
    /// Factor on the loss: the task's fixed priority.
    public var weight: Float
    /// Factor on the learning rate of the task's own parameters, those named `heads.NAME.…`.
    public var learningRateFactor: Float
    /// Nil lets the task learn to the end of the run.
    public var earlyStopping: EarlyStopping?
    public var role: Role

    public init(
        _ name: String, loss: Loss, weight: Float = 1, learningRateFactor: Float = 1,
        earlyStopping: EarlyStopping? = nil, role: Role = .goal
    ) {
        self.name = name
        self.loss = loss
        self.weight = weight
        self.learningRateFactor = learningRateFactor
        self.earlyStopping = earlyStopping
        self.role = role
    }
}
