import Foundation

/// All tasks take part in every step; those that do badly count more: the loss of a task with the key metric κ in 0...1
/// gets the factor `-(1 - κ)^γ · ln κ`, as a focal loss would give it.
///
/// The key metric is the accuracy of the last epoch, on validation data where there are any, or `exp(-loss)` for tasks
/// without an accuracy; until the first epoch is complete, all factors are 1. `κ` is the moving average
/// `κ ← smoothing·κ + (1 - smoothing)·newest`, held in 0.01...0.99, so that no task vanishes and none outgrows the
/// others without bound.
///
/// Parameters: `gamma` γ, 1 by default; `smoothing`, 0 by default: the last epoch alone.
///
/// Source: Guo, Haque, Huang, Yeung, Fei-Fei, "Dynamic Task Prioritization for Multitask Learning", ECCV 2018. Its
/// discount factor α is `1 - smoothing`.
public struct DynamicPriority: TaskSchedule {
    public static let name = "dynamic-priority"
    static let metricRange = 0.01...0.99
    public let gamma: Double
    public let smoothing: Double

    public init(_ parameters: inout ScheduleParameters) throws(ScheduleError) {
        gamma = try parameters.number("gamma", default: 1, "a number of at least 0") { $0 >= 0 }
        smoothing = try parameters.number("smoothing", default: 0, "a number of at least 0 and below 1") {
            $0 >= 0 && $0 < 1
        }
    }

    public func tasksPerStep(of count: Int) -> Int { count }
    public func tasks(in step: ScheduledStep) -> [Int] { step.tasks }

    public func priority(of task: Int, in step: ScheduledStep) -> Double {
        guard let metric = step.keyMetrics[task] else { return 1 }
        let range = DynamicPriority.metricRange
        let bounded = min(max(metric, range.lowerBound), range.upperBound)
        return -pow(1 - bounded, gamma) * log(bounded)
    }

    public func keyMetric(_ newest: Double, after previous: Double?) -> Double {
        previous.map { smoothing * $0 + (1 - smoothing) * newest } ?? newest
    }
}
