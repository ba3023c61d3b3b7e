/// What is wrong with a schedule.
public enum ScheduleError: Error, Equatable, Sendable {
    /// There is no schedule of this name.
    case unknownSchedule(String, nearest: String?, known: [String])
    /// The schedule has no parameter of this name.
    case unknownParameter(String, schedule: String, nearest: String?, known: [String])
    /// A parameter names a task that does not exist.
    case unknownTask(String, schedule: String, parameter: String, nearest: String?, known: [String])
    /// A value has another form or lies outside its range. The parameter of one task is `frequencies.TASK`.
    case badParameter(schedule: String, parameter: String, found: String, expected: String)
    /// A task has no turn in a whole run.
    case neverScheduled(task: String, schedule: String, steps: Int)
    /// A step holds a single task, and the method weighs the tasks of a step against each other.
    case nothingToWeigh(schedule: String, method: String)
}

extension ScheduleError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownSchedule(let name, let nearest, let known):
            "unknown task schedule \"\(name)\"" + suggestion(nearest, known)
        case .unknownParameter(let name, let schedule, let nearest, let known):
            known.isEmpty
                ? "scheduling \"\(schedule)\": unknown parameter \"\(name)\"; it has none"
                : "scheduling \"\(schedule)\": unknown parameter \"\(name)\"" + suggestion(nearest, known)
        case .unknownTask(let name, let schedule, let parameter, let nearest, let known):
            "scheduling \"\(schedule)\": \(parameter): unknown task \"\(name)\"" + suggestion(nearest, known)
        case .badParameter(let schedule, let parameter, let found, let expected):
            "scheduling \"\(schedule)\": \(parameter) is \(found), expected \(expected)"
        case .neverScheduled(let task, let schedule, let steps):
            "scheduling \"\(schedule)\": task \"\(task)\" takes part in none of the \(steps) steps of the run; "
                + "give it a higher frequency, or the run more steps"
        case .nothingToWeigh(let schedule, let method):
            "scheduling \"\(schedule)\" gives every step a single task, and the method \"\(method)\" weighs the tasks of "
                + "a step against each other; set scheduling.tasksPerStep to 2 or more, or the method to ew"
        }
    }

    private func suggestion(_ nearest: String?, _ known: [String]) -> String {
        (nearest.map { "; did you mean \"\($0)\"?" } ?? ";") + " Known: \(known.joined(separator: ", "))"
    }
}
