/// When a task has learnt enough: once its metric has not improved for some epochs.
///
/// The metric is the one on the validation data, or that of the training epoch where there are none. The trunk goes on
/// learning from the other tasks, so the metric of a finished task may still change. A run whose tasks are all finished
/// ends.
///
/// Source: Prechelt, "Early Stopping — But When?", in Neural Networks: Tricks of the Trade, 1998, applied per task.
public struct EarlyStopping: Hashable, Codable, Sendable {
    /// What happens to a task that has finished.
    public enum Action: String, Hashable, Codable, Sendable, CaseIterable {
        /// Its loss takes part in no further step, and its head stays as it is.
        case freeze
        /// It is reported as finished and goes on learning.
        case monitor
    }

    /// The metrics that can be watched.
    public static let metrics = ["loss", "accuracy", "auc", "meanAbsoluteError", "rootMeanSquaredError", "pearson"]
    /// Those of which lower values are better.
    static let falling: Set<String> = ["loss", "meanAbsoluteError", "rootMeanSquaredError"]

    /// Epochs without improvement after which the task has finished, at least 1.
    public var patience: Int
    /// By how much the metric must get better to count as improved, at least 0.
    public var minDelta: Double
    /// The name of the metric: one of ``metrics``.
    public var metric: String
    public var action: Action
    /// Whether the head is set back to its state after the task's best epoch when it is frozen. The trunk is not.
    public var restoresBest: Bool

    public init(
        patience: Int, minDelta: Double = 0, metric: String = "loss", action: Action = .freeze,
        restoresBest: Bool = false
    ) {
        self.patience = patience
        self.minDelta = minDelta
        self.metric = metric
        self.action = action
        self.restoresBest = restoresBest
    }

    /// Whether a value is better than the best one before it.
    func isImprovement(_ value: Double, over best: Double) -> Bool {
        EarlyStopping.falling.contains(metric) ? value < best - minDelta : value > best + minDelta
    }
}
