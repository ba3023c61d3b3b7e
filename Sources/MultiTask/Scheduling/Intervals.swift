/// Task `i` takes part in every `mᵢ`-th step, beginning with the first, together with the others that are due.
///
/// Once no task with an interval of 1 learns any more, a step in which nobody is due belongs to the tasks with the
/// shortest interval that is left.
///
/// Parameter: `intervals`, an integer in 1...1,000,000 by task, 1 by default; one of them must be 1.
public struct Intervals: TaskSchedule {
    public static let name = "intervals"
    /// By number of the task.
    public let intervals: [Int]

    public init(_ parameters: inout ScheduleParameters) throws(ScheduleError) {
        intervals = try parameters.integersByTask("intervals", default: 1, in: 1...1_000_000)
        if let shortest = intervals.min(), shortest > 1 {
            throw parameters.failure(
                "intervals", found: "\(shortest) as the shortest", expected: "an interval of 1 for at least one task")
        }
    }

    public func tasksPerStep(of count: Int) -> Int { count }

    public func tasks(in step: ScheduledStep) -> [Int] {
        let due = step.tasks.filter { (step.step - 1) % intervals[$0] == 0 }
        if !due.isEmpty { return due }
        let shortest = step.tasks.map { intervals[$0] }.min()
        return step.tasks.filter { intervals[$0] == shortest }
    }
}
