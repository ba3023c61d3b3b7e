/// What a training run tells whoever watches: the progress line, the metrics log and a library user alike.
public enum TrainingEvent: Sendable {
    case started(TrainingPlan)
    case step(StepReport)
    case epoch(EpochReport)
    /// A checkpoint is complete on disk.
    case checkpoint(path: String, step: Int)
    /// The run was asked to stop and did so after a step.
    case interrupted(epoch: Int, step: Int)
    case end(TrainingSummary)
}

/// What a run is about to do.
public struct TrainingPlan: Hashable, Sendable {
    public let tasks: [String]
    public let epochs: Int
    public let samples: Int
    public let batchesPerEpoch: Int
    public let parameters: Int
    /// What every epoch is measured on, in a word: `valid` if there is a test set besides, else `test`.
    public let measuredOn: String
    /// Steps that a resumed run has behind it.
    public let completedSteps: Int
}

/// One step.
public struct StepReport: Hashable, Sendable {
    /// 1 for the first.
    public let epoch: Int
    /// Over the whole run; 1 for the first.
    public let step: Int
    /// Within the epoch; 1 for the first.
    public let batch: Int
    public let samples: Int
    public let learningRate: Float
    /// Per task that took part.
    public let losses: [String: Double]
    /// Share of task pairs with opposing gradients; nil for methods that never look at gradients.
    public let conflictRate: Double?
    /// Why nothing was updated; nil where something was.
    public let skipped: String?
}

/// Means over one epoch.
public struct EpochReport: Hashable, Sendable, Codable {
    public let epoch: Int
    public let step: Int
    /// The part of a recipe that the epoch belongs to; nil without one.
    public let phase: String?
    public let seconds: Double
    /// Per task that took part: `loss`, a mean over the labelled samples.
    public let train: [String: [String: Double]]
    /// Per task: `loss` and the task's metrics on the validation data; empty without them.
    public let valid: [String: [String: Double]]
    /// Nil for methods that never look at gradients.
    public let balance: Balance?
    public let schedule: EpochSchedule
    /// Steps that updated nothing because a loss or gradient was not finite.
    public let skippedSteps: Int
    /// Whether no epoch before was better.
    public let isBest: Bool
}

/// Which tasks took part.
public struct EpochSchedule: Hashable, Sendable, Codable {
    /// In how many steps each task took part.
    public let steps: [String: Int]
    /// The tasks that have finished, with the epoch in which they did.
    public let finished: [String: Int]
}

/// How the tasks' gradients got along: means over the steps of an epoch that computed their inner products.
public struct Balance: Hashable, Sendable, Codable {
    /// What the numbers belong to, in their order.
    public let tasks: [String]
    /// Weight per task; nil for methods that have none.
    public let weights: [Double?]
    /// Norm of the gradient per task, of what the method sees of it; nil for tasks that never appeared.
    public let gradientNorms: [Double?]
    /// Share of task pairs with opposing gradients.
    public let conflictRate: Double
    /// Cosine between the gradients of every pair of tasks; nil for pairs that never met in a step.
    public let cosine: [[Double?]]

    public init(
        tasks: [String], weights: [Double?], gradientNorms: [Double?], conflictRate: Double, cosine: [[Double?]]
    ) {
        self.tasks = tasks
        self.weights = weights
        self.gradientNorms = gradientNorms
        self.conflictRate = conflictRate
        self.cosine = cosine
    }
}

/// The whole run.
public struct TrainingSummary: Hashable, Sendable, Codable {
    public let epochs: Int
    public let steps: Int
    public let seconds: Double
    public let bestEpoch: Int
    /// The metrics of the best epoch, on the data that chose it.
    public let best: [String: [String: Double]]
    /// The best epoch's metrics on data that had no part in choosing it; empty without such data.
    public let test: [String: [String: Double]]
}
