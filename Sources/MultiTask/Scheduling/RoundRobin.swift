/// The tasks take turns: step `s` holds the tasks `k·s, …, k·s + k - 1` modulo their number.
///
/// Parameter: `tasksPerStep` k, 1 by default.
///
/// Source: Dong, Wu, He, Yu, Wang, "Multi-Task Learning for Multiple Language Translation", ACL 2015, which alternates
/// between language pairs.
public struct RoundRobin: TaskSchedule {
    public static let name = "round-robin"
    public let tasksPerStep: Int

    public init(_ parameters: inout ScheduleParameters) throws(ScheduleError) {
        tasksPerStep = try parameters.tasksPerStep()
    }

    public func tasksPerStep(of count: Int) -> Int { min(tasksPerStep, count) }

    public func tasks(in step: ScheduledStep) -> [Int] {
        let count = tasksPerStep(of: step.tasks.count)
        let first = (step.step - 1) * count
        return (first..<first + count).map { step.tasks[$0 % step.tasks.count] }.sorted()
    }
}
