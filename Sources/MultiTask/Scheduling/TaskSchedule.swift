import Foundation

/// Decides which tasks take part in which training step.
///
/// A schedule is a plain value without memory: what it decides follows from its parameters and the ``ScheduledStep``
/// alone, random choices from a counter-based generator. A run that is resumed decides alike, and so does every device.
public protocol TaskSchedule: Sendable {
    /// The name in configurations.
    static var name: String { get }
    /// Whether ``ScheduledStep/labelledSamples`` are asked for. Counting them reads all training data once.
    static var needsLabelledSamples: Bool { get }

    /// Reads the parameters, which makes them known: what no schedule reads is refused.
    init(_ parameters: inout ScheduleParameters) throws(ScheduleError)

    /// How many tasks a step holds at most, of `count` tasks that learn.
    func tasksPerStep(of count: Int) -> Int

    /// - Returns: ascending numbers of the tasks that take part, at least one of ``ScheduledStep/tasks``.
    func tasks(in step: ScheduledStep) -> [Int]

    /// A factor on the loss of a task that takes part, besides the task's own weight.
    func priority(of task: Int, in step: ScheduledStep) -> Double

    /// What is remembered of a task's key metric, which arrives after every epoch as ``KeyMetric/value(of:)``.
    func keyMetric(_ newest: Double, after previous: Double?) -> Double
}

extension TaskSchedule {
    public static var needsLabelledSamples: Bool { false }
    public func priority(of task: Int, in step: ScheduledStep) -> Double { 1 }
    public func keyMetric(_ newest: Double, after previous: Double?) -> Double { newest }
}

/// What a schedule knows about a step.
public struct ScheduledStep: Sendable {
    /// Over the whole run; 1 for the first.
    public var step: Int
    /// 1 for the first.
    public var epoch: Int
    /// Number of epochs of the run.
    public var epochs: Int
    /// Of random choices.
    public var seed: UInt64
    /// Ascending numbers of the tasks that still learn, at least one.
    public var tasks: [Int]
    /// Training samples with a label, by number of the task; empty unless the schedule asks for them.
    public var labelledSamples: [Int]
    /// By number of the task; nil before the first epoch is complete.
    public var keyMetrics: [Double?]

    public init(
        step: Int, epoch: Int = 1, epochs: Int = 1, seed: UInt64 = 0, tasks: [Int], labelledSamples: [Int] = [],
        keyMetrics: [Double?] = []
    ) {
        self.step = step
        self.epoch = epoch
        self.epochs = epochs
        self.seed = seed
        self.tasks = tasks
        self.labelledSamples = labelledSamples
        self.keyMetrics = keyMetrics
    }
}

/// A number in 0...1 that says how well a task does, whatever its kind.
public enum KeyMetric {
    /// The accuracy, or `exp(-loss)` for tasks without one; nil if neither was measured.
    public static func value(of metrics: [String: Double]) -> Double? {
        metrics["accuracy"] ?? metrics["loss"].map { min(exp(-$0), 1) }
    }
}
