import Compute

/// The value of a schedule's parameter.
public enum ScheduleParameter: Hashable, Codable, Sendable {
    case number(Double)
    /// By the task's name.
    case byTask([String: Double])
}

/// The parameters of a schedule by name, and how a schedule reads them.
///
/// A parameter is known because a schedule reads it: there is no second list to keep. Reading also writes down the
/// value that was decided on, given or default.
public struct ScheduleParameters: Sendable {
    public let schedule: String
    /// The names of the tasks, by their numbers.
    public let tasks: [String]
    private let given: [String: ScheduleParameter]
    /// What was read, in the order in which it was, with every default written out.
    public private(set) var decided: [(name: String, value: ScheduleParameter)] = []

    init(_ given: [String: ScheduleParameter], of schedule: String, tasks: [String]) {
        self.given = given
        self.schedule = schedule
        self.tasks = tasks
    }

    func failure(_ parameter: String, found: String, expected: String) -> ScheduleError {
        .badParameter(schedule: schedule, parameter: parameter, found: found, expected: expected)
    }

    /// A finite number.
    ///
    /// - Parameter expected: the range in words, for which `isAllowed` holds.
    public mutating func number(
        _ name: String, default standard: Double, _ expected: String, where isAllowed: (Double) -> Bool
    ) throws(ScheduleError) -> Double {
        var value = standard
        switch given[name] {
        case nil: break
        case .number(let number)? where number.isFinite && isAllowed(number): value = number
        case .number(let number)?: throw failure(name, found: number.text, expected: expected)
        case .byTask?: throw failure(name, found: "values by task", expected: expected)
        }
        decided.append((name, .number(value)))
        return value
    }

    public mutating func integer(
        _ name: String, default standard: Int, in range: ClosedRange<Int>
    ) throws(ScheduleError) -> Int {
        let value = try number(name, default: Double(standard), ScheduleParameters.words(range)) {
            Int(exactly: $0).map(range.contains) ?? false
        }
        return Int(value)
    }

    /// How many tasks a step holds, for schedules that choose them: `tasksPerStep`.
    mutating func tasksPerStep() throws(ScheduleError) -> Int {
        try integer("tasksPerStep", default: 1, in: 1...max(tasks.count, 1))
    }

    /// An integer for every task, by the task's number.
    ///
    /// - Parameter standard: of tasks that are not named.
    public mutating func integersByTask(
        _ name: String, default standard: Int, in range: ClosedRange<Int>
    ) throws(ScheduleError) -> [Int] {
        let expected = ScheduleParameters.words(range)
        var values: [String: Double] = [:]
        switch given[name] {
        case nil: break
        case .byTask(let given)?: values = given
        case .number(let number)?: throw failure(name, found: number.text, expected: "\(expected) by task")
        }
        for task in values.keys.sorted() where !tasks.contains(task) {
            throw .unknownTask(
                task, schedule: schedule, parameter: name, nearest: task.nearest(among: tasks), known: tasks)
        }
        var integers: [Int] = []
        for task in tasks {
            let value = values[task] ?? Double(standard)
            guard let integer = Int(exactly: value), range.contains(integer) else {
                throw failure("\(name).\(task)", found: value.text, expected: expected)
            }
            values[task] = value
            integers.append(integer)
        }
        decided.append((name, .byTask(values)))
        return integers
    }

    /// - Throws: ``ScheduleError/unknownParameter(_:schedule:nearest:known:)`` for the first that nobody has read.
    func refuseUnread() throws(ScheduleError) {
        let known = decided.map(\.name)
        if let name = given.keys.sorted().first(where: { !known.contains($0) }) {
            throw .unknownParameter(name, schedule: schedule, nearest: name.nearest(among: known), known: known)
        }
    }

    private static func words(_ range: ClosedRange<Int>) -> String {
        "an integer from \(range.lowerBound) to \(range.upperBound)"
    }
}

extension Double {
    /// Whole numbers without a fraction.
    fileprivate var text: String { Int(exactly: self).map(String.init) ?? description }
}
