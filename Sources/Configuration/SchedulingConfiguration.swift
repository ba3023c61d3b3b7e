import MultiTask
import Yams

/// Which tasks take part in which step: `round-robin`, or `{name: temperature, temperature: 5, stepsPerEpoch: 200}`.
public struct SchedulingConfiguration: Hashable, Sendable {
    public let scheduling: Scheduling

    /// All tasks in every step.
    public init() { scheduling = .joint }

    public init(_ scheduling: Scheduling) { self.scheduling = scheduling }

    /// - Parameter tasks: the names of the run's tasks, in their order.
    init(_ value: ConfigurationValue, tasks: [String]) throws(ConfigurationError) {
        let parameters = Scheduling.names.map { ($0, Scheduling.parameterNames(of: $0) + ["stepsPerEpoch"]) }
        let known = Dictionary(parameters) { $1 }
        let (name, options) = try value.choice(of: "task schedule", names: Scheduling.names, options: known)
        var given: [String: ScheduleParameter] = [:]
        for parameter in Scheduling.parameterNames(of: name) {
            given[parameter] = try options[parameter]?.scheduleParameter(tasks: tasks)
        }
        let stepsPerEpoch = try options["stepsPerEpoch"]?.integer(atLeast: 1, atMost: 1 << 40)
        do {
            scheduling = try Scheduling(named: name, parameters: given, tasks: tasks, stepsPerEpoch: stepsPerEpoch)
        } catch .badParameter(_, let parameter, let found, let expected) {
            throw value.document.failure(
                at: "\(value.path).\(parameter)", line: value.node.mark?.line,
                .unexpected(found: found, expected: expected))
        } catch {
            throw value.failure(.unexpected(found: "\"\(name)\"", expected: "a task schedule: \(error)"))
        }
    }

    var node: Node {
        var pairs: [(String, Node)] = [("name", .text(scheduling.name))]
        for (name, value) in scheduling.parameters {
            switch value {
            case .number(let number): pairs.append((name, .shortest(number)))
            case .byTask(let values):
                pairs.append((name, .keys(values.sorted { $0.key < $1.key }.map { ($0.key, .shortest($0.value)) })))
            }
        }
        if let steps = scheduling.stepsPerEpoch { pairs.append(("stepsPerEpoch", .number(steps))) }
        return .keys(pairs)
    }
}

extension Node {
    /// A whole number without a fraction.
    fileprivate static func shortest(_ value: Double) -> Node {
        Int(exactly: value).map { .number($0) } ?? .number(value)
    }
}

extension ConfigurationValue {
    /// A number, or a number for every task by its name.
    fileprivate func scheduleParameter(tasks: [String]) throws(ConfigurationError) -> ScheduleParameter {
        guard case .mapping = node else { return .number(try number("a number, or numbers by task") { _ in true }) }
        let values = try mapping(keys: tasks)
        var byTask: [String: Double] = [:]
        for task in tasks { byTask[task] = try values[task]?.number("a number") { _ in true } }
        return .byTask(byTask)
    }
}
