/// Metrics of every task: by task, then by metric.
public typealias TaskMetrics = [String: [String: Double]]

/// How much better or worse a network of several tasks is than networks of one task each, over all metrics but the loss
/// and correlations: relative changes of those mean little, for they may be 0 or negative.
///
/// The two means are both in use, and rank methods differently where tasks have different numbers of metrics.
public struct RelativePerformance: Hashable, Sendable {
    /// Δp in percent; positive is better. The mean over the tasks of the means over their metrics:
    /// `100·(1/T)·Σₜ (1/Mₜ)·Σₘ ±(Nₜₘ - Bₜₘ)/Bₜₘ` with + where higher values are better.
    ///
    /// Source: Lin, Zhang, "LibMTL: A Python Library for Deep Multi-Task Learning", JMLR 2023.
    public let taskMean: Double
    /// Δm in percent; lower is better. The mean over all metrics, whichever task they belong to:
    /// `100·(1/M)·Σₘ ∓(Nₘ - Bₘ)/Bₘ` with - where higher values are better.
    ///
    /// Source: Navon et al., "Multi-Task Learning as a Bargaining Game", ICML 2022.
    public let metricMean: Double
    /// Each task's share of Δp in percent, positive is better.
    public let byTask: [String: Double]

    /// Compares metrics with a baseline.
    ///
    /// - Parameter baseline: decides which tasks and metrics count. All must be above 0.
    /// - Returns: nil where a metric of the baseline is not above 0 or has no counterpart, or a task has no metric.
    public init?(of metrics: TaskMetrics, against baseline: TaskMetrics) {
        var byTask: [String: Double] = [:]
        var all: [Double] = []
        for (task, values) in baseline.sorted(by: { $0.key < $1.key }) {
            var gains: [Double] = []
            for (name, base) in values.sorted(by: { $0.key < $1.key }) where RelativePerformance.isCompared(name) {
                guard base > 0, let value = metrics[task]?[name] else { return nil }
                let change = 100 * (value - base) / base
                gains.append(RelativePerformance.isHigherBetter(name) ? change : -change)
            }
            if gains.isEmpty { return nil }
            byTask[task] = gains.reduce(0, +) / Double(gains.count)
            all += gains
        }
        if all.isEmpty { return nil }
        self.byTask = byTask
        taskMean = byTask.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value } / Double(byTask.count)
        metricMean = -all.reduce(0, +) / Double(all.count)
    }

    /// Whether higher values of a metric of ``Evaluation`` are better; losses and errors are better if lower.
    public static func isHigherBetter(_ metric: String) -> Bool { ["accuracy", "auc", "pearson"].contains(metric) }

    private static func isCompared(_ metric: String) -> Bool { !["loss", "pearson"].contains(metric) }
}
