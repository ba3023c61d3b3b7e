/// When a whole run has learnt enough: once a figure of all tasks together has not improved for some epochs.
///
/// Tasks may stop on their own besides, see ``EarlyStopping``.
public struct RunStopping: Hashable, Sendable {
    public enum Measure: Hashable, Sendable {
        /// The mean over the tasks by which the best epoch is chosen.
        case mean
        /// Δp in percent against metrics of networks with one task each, see ``RelativePerformance/taskMean``.
        case relativePerformance(baseline: TaskMetrics)
    }

    public var measure: Measure
    /// Epochs without improvement after which the run ends, at least 1.
    public var patience: Int
    /// By how much the figure must rise to count as improved, at least 0.
    public var minDelta: Double

    public init(_ measure: Measure = .mean, patience: Int, minDelta: Double = 0) {
        self.measure = measure
        self.patience = patience
        self.minDelta = minDelta
    }

    /// What a run remembers of it.
    struct State: Codable {
        var best: Double?
        var bestEpoch = 0
        var hasStopped = false
    }

    /// Compares an epoch with the best one before.
    ///
    /// - Parameters:
    ///   - mean: the figure of ``Measure/mean``.
    ///   - metrics: of all tasks.
    ///   - epoch: from 1.
    /// - Throws: ``TrainingError/invalidSetting(name:found:expected:)`` if a metric of the baseline is not measured.
    func judge(_ state: inout State, mean: Double, metrics: TaskMetrics, epoch: Int) throws(TrainingError) {
        let value: Double
        switch measure {
        case .mean: value = mean
        case .relativePerformance(let baseline):
            guard let performance = RelativePerformance(of: metrics, against: baseline) else {
                throw .invalidSetting(
                    name: "earlyStopping.baseline", found: RunStopping.text(baseline),
                    expected: "metrics above 0, besides the loss, that are measured: \(RunStopping.text(metrics))")
            }
            value = performance.taskMean
        }
        if state.best.map({ value > $0 + minDelta }) ?? true {
            state.best = value
            state.bestEpoch = epoch
        } else if epoch - state.bestEpoch >= patience {
            state.hasStopped = true
        }
    }

    private static func text(_ metrics: TaskMetrics) -> String {
        metrics.sorted { $0.key < $1.key }
            .map { "\($0.key) (\($0.value.keys.sorted().joined(separator: ", ")))" }.joined(separator: ", ")
    }
}
