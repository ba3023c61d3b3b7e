import Compute

/// Which tasks take part in which step: a schedule by its name, with its parameters.
///
/// | name | a step holds |
/// |---|---|
/// | `joint` | all tasks |
/// | `round-robin` | the next in turn |
/// | `proportional`, `temperature`, `annealed` | tasks drawn by the size of their data |
/// | `frequencies` | one task, each as often as its frequency says |
/// | `intervals` | the tasks that are due, each every m-th step |
/// | `dynamic-priority` | all tasks, those that do badly with a larger weight |
public struct Scheduling: Sendable {
    /// All schedules, in the order in which they are listed.
    static let registry: [any TaskSchedule.Type] = [
        Joint.self, RoundRobin.self, ProportionalSampling.self, TemperatureSampling.self, AnnealedSampling.self,
        Frequencies.self, Intervals.self, DynamicPriority.self,
    ]

    /// The names of all schedules, in the order in which they are listed.
    public static var names: [String] { registry.map { $0.name } }

    /// All tasks in every step.
    public static let joint = Scheduling(name: Joint.name, schedule: Joint(), parameters: [], stepsPerEpoch: nil)

    public let name: String
    public let schedule: any TaskSchedule
    /// All parameters of the schedule by name, with every default written out.
    public let parameters: [(name: String, value: ScheduleParameter)]
    /// The length of an epoch; nil leaves it to ``stepsPerEpoch(batches:tasks:)``.
    public let stepsPerEpoch: Int?

    private init(
        name: String, schedule: any TaskSchedule, parameters: [(name: String, value: ScheduleParameter)],
        stepsPerEpoch: Int?
    ) {
        self.name = name
        self.schedule = schedule
        self.parameters = parameters
        self.stepsPerEpoch = stepsPerEpoch
    }

    /// - Parameters:
    ///   - parameters: by name; what is missing has its default.
    ///   - tasks: the names of the run's tasks, in their order.
    /// - Throws: ``ScheduleError`` where the name, a parameter, a task or a value is unknown.
    public init(
        named name: String, parameters: [String: ScheduleParameter] = [:], tasks: [String], stepsPerEpoch: Int? = nil
    ) throws(ScheduleError) {
        guard let type = Scheduling.registry.first(where: { $0.name == name }) else {
            throw .unknownSchedule(name, nearest: name.nearest(among: Scheduling.names), known: Scheduling.names)
        }
        var reader = ScheduleParameters(parameters, of: name, tasks: tasks)
        let schedule = try type.init(&reader)
        try reader.refuseUnread()
        if let stepsPerEpoch, stepsPerEpoch < 1 {
            throw reader.failure("stepsPerEpoch", found: "\(stepsPerEpoch)", expected: "an integer of at least 1")
        }
        self.init(name: name, schedule: schedule, parameters: reader.decided, stepsPerEpoch: stepsPerEpoch)
    }

    /// The names of the parameters of a schedule; empty for unknown names.
    public static func parameterNames(of name: String) -> [String] {
        (try? Scheduling(named: name, tasks: []))?.parameters.map(\.name) ?? []
    }

    /// The length of an epoch in steps.
    ///
    /// Unless it is given, an epoch is one pass over the data: over the largest data set where a step may hold all
    /// tasks, and over all data sets together where a step holds only some. Then a step takes from
    /// `min(tasks per step, data sets)` of them at most, and an epoch has as many steps as that takes.
    ///
    /// - Parameters:
    ///   - batches: of every data set.
    ///   - tasks: number of tasks.
    public func stepsPerEpoch(batches: [Int], tasks: Int) -> Int {
        if let stepsPerEpoch { return stepsPerEpoch }
        let perStep = schedule.tasksPerStep(of: tasks)
        if perStep >= tasks { return batches.max() ?? 0 }
        let together = min(perStep, batches.count)
        return (batches.reduce(0, +) + together - 1) / together
    }
}

extension Scheduling: Hashable {
    public static func == (first: Scheduling, second: Scheduling) -> Bool {
        first.name == second.name && first.stepsPerEpoch == second.stepsPerEpoch && first.values == second.values
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(stepsPerEpoch)
        hasher.combine(values)
    }

    /// The parameters without their order.
    var values: [String: ScheduleParameter] { Dictionary(parameters.map { ($0.name, $0.value) }) { $1 } }
}
