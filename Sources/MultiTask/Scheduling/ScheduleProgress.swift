import Networks
import Tensors

/// What a run must remember of its sources and tasks, to go on exactly where it stopped.
struct ScheduleProgress: Codable {
    /// What is known of one task.
    struct TaskState: Codable {
        /// The newest of every epoch so far: a task that took part in no step of an epoch keeps those from before.
        var metrics: [String: Double] = [:]
        var keyMetric: Double?
        /// The best value of the metric that ``EarlyStopping`` watches.
        var best: Double?
        var bestEpoch = 0
        /// The epoch in which the task has finished.
        var finishedEpoch: Int?
    }

    var positions: [SourcePosition]
    var tasks: [TaskState]

    init(sources: Int, tasks: Int) {
        positions = Array(repeating: SourcePosition(), count: sources)
        self.tasks = Array(repeating: TaskState(), count: tasks)
    }

    /// Ascending numbers of the tasks that take part in further steps.
    func learningTasks(of tasks: [LearningTask]) -> [Int] {
        tasks.indices.filter { self.tasks[$0].finishedEpoch == nil || tasks[$0].earlyStopping?.action != .freeze }
    }

    /// The metrics by task's name.
    func metrics(of tasks: [LearningTask]) -> [String: [String: Double]] {
        var result: [String: [String: Double]] = [:]
        for (task, state) in zip(tasks, self.tasks) where !state.metrics.isEmpty { result[task.name] = state.metrics }
        return result
    }

    /// Takes in what an epoch has measured.
    mutating func record(_ measured: [String: Double], of task: Int, by schedule: any TaskSchedule) {
        tasks[task].metrics = measured
        if let newest = KeyMetric.value(of: measured) {
            tasks[task].keyMetric = schedule.keyMetric(newest, after: tasks[task].keyMetric)
        }
    }

    /// Whether a task is at its best, or has finished.
    enum Verdict { case improved, learning, finished }

    /// Compares the newest metrics of a task with its best ones.
    ///
    /// - Parameter epoch: the one that is complete, from 1.
    /// - Throws: ``TrainingError/invalidSetting(name:found:expected:)`` if the metric is not measured.
    mutating func judge(_ task: Int, by stopping: EarlyStopping, name: String, epoch: Int) throws -> Verdict {
        guard let value = tasks[task].metrics[stopping.metric] else {
            // A task that had no turn yet has no metrics to judge.
            if tasks[task].metrics.isEmpty { return .learning }
            throw TrainingError.invalidSetting(
                name: "earlyStopping.metric of task \"\(name)\"", found: "\"\(stopping.metric)\"",
                expected: "one that is measured: \(tasks[task].metrics.keys.sorted().joined(separator: ", "))")
        }
        if tasks[task].best.map({ stopping.isImprovement(value, over: $0) }) ?? true {
            tasks[task].best = value
            tasks[task].bestEpoch = epoch
            return .improved
        }
        guard epoch - tasks[task].bestEpoch >= stopping.patience else { return .learning }
        tasks[task].finishedEpoch = epoch
        return .finished
    }
}

extension LearningTask {
    /// What the names of the task's own parameters begin with.
    var headPrefix: String { "\(headGroup)." }
    /// The group of the task's own parameters in the arena.
    var headGroup: String { "heads.\(name)" }
}

extension ParameterArena {
    /// The values of a head's parameters and statistics, one after the other.
    func headValues(_ prefix: String) throws -> [Float] {
        try headTensors(prefix).flatMap { try $0.floats() }
    }

    /// Sets a head back to what ``headValues(_:)`` has returned.
    func setHead(_ prefix: String, to values: [Float]) throws {
        var start = 0
        for tensor in headTensors(prefix) {
            try tensor.overwrite(with: Array(values[start..<start + tensor.count]))
            start += tensor.count
        }
    }

    private func headTensors(_ prefix: String) -> [Tensor] {
        namedTensors.filter { $0.name.hasPrefix(prefix) }.map(\.tensor)
    }
}
