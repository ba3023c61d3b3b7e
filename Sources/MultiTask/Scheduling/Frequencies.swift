/// One task a step, each as often as its frequency says and as evenly spread as possible: in every `Σ fᵢ` steps, task
/// `i` has exactly `fᵢ`. With 3 and 1 the tasks follow each other as 0, 0, 1, 0.
///
/// Every task gains its frequency in each step; the task that has most takes the step and pays `Σ fᵢ` for it (smooth
/// weighted round-robin). O(K·Σ fᵢ) a step for K tasks.
///
/// Parameter: `frequencies`, an integer in 1...1000 by task, 1 by default.
public struct Frequencies: TaskSchedule {
    public static let name = "frequencies"
    /// By number of the task.
    public let frequencies: [Int]

    public init(_ parameters: inout ScheduleParameters) throws(ScheduleError) {
        frequencies = try parameters.integersByTask("frequencies", default: 1, in: 1...1000)
    }

    public func tasksPerStep(of count: Int) -> Int { 1 }

    public func tasks(in step: ScheduledStep) -> [Int] {
        let gains = step.tasks.map { frequencies[$0] }
        let total = gains.reduce(0, +)
        var credits = gains.map { _ in 0 }
        var chosen = 0
        for _ in 0...(step.step - 1) % total {
            for position in credits.indices { credits[position] += gains[position] }
            chosen = 0
            for position in credits.indices where credits[position] > credits[chosen] { chosen = position }
            credits[chosen] -= total
        }
        return [step.tasks[chosen]]
    }
}
