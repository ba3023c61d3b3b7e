import Datasets

/// The sources of a run, checked against its tasks and its schedule before anything is trained.
struct RunSetup {
    let readers: [SourceReader]
    /// Training samples with a label by task, for schedules that ask for them.
    let labelledSamples: [Int]
    let stepsPerEpoch: Int

    /// Whether the best epoch is measured on data that have not chosen it.
    var hasTest: Bool { readers.contains { $0.test != nil } }

    /// - Throws: ``TrainingError``, ``ScheduleError`` or `DatasetError` for what would fail later or never do anything.
    init(_ step: TrainingStep, sources: [TrainingSource], settings: TrainingSettings) throws {
        let tasks = step.tasks
        if tasks.isEmpty { throw TrainingError.noTasks }
        if settings.epochs < 1 {
            throw TrainingError.invalidSetting(name: "epochs", found: "\(settings.epochs)", expected: "at least 1")
        }
        if settings.accumulation < 1 {
            throw TrainingError.invalidSetting(
                name: "accumulate", found: "\(settings.accumulation)", expected: "at least 1")
        }
        try RunSetup.checkSettings(of: step)
        let members = try RunSetup.members(of: sources, tasks: tasks)
        let schedule = settings.scheduling.schedule
        let isLossBased = if case .loss = step.method.kind { true } else { false }
        if !isLossBased && tasks.count > 1 && schedule.tasksPerStep(of: tasks.count) == 1 {
            throw ScheduleError.nothingToWeigh(schedule: settings.scheduling.name, method: step.method.name)
        }
        var readers: [SourceReader] = []
        var labelled = tasks.map { _ in 0 }
        for (index, (source, numbers)) in zip(sources, members).enumerated() {
            let own = numbers.map { tasks[$0] }
            try RunSetup.check(own, against: source.training)
            // Sources must not draw the same orders; the first keeps the seed of a run with one source.
            let seed = settings.seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15
            let size = source.batchSize ?? settings.batchSize
            func measuring(_ dataset: (any Dataset)?) throws -> BatchLoader? {
                try dataset.map { try BatchLoader($0, batchSize: max(size, 256), order: .sequential) }
            }
            readers.append(
                SourceReader(
                    tasks: Set(numbers),
                    loader: try BatchLoader(source.training, batchSize: size, order: .shuffled(seed: seed)),
                    validation: try measuring(source.validation), test: try measuring(source.test)))
            let counts = try LabelCount.check(
                own, in: source.training, countsAll: type(of: schedule).needsLabelledSamples)
            for (number, count) in zip(numbers, counts) { labelled[number] = count }
        }
        self.readers = readers
        labelledSamples = labelled
        stepsPerEpoch = settings.stepsPerEpoch(batches: readers.map(\.loader.batchCount), tasks: tasks.count)
        try checkThatAllTasksAppear(tasks, settings)
    }

    /// The numbers of every source's tasks.
    private static func members(of sources: [TrainingSource], tasks: [LearningTask]) throws -> [[Int]] {
        var members: [[Int]] = []
        for source in sources {
            members.append(
                try source.tasks.map { name in
                    guard let number = tasks.firstIndex(where: { $0.name == name }) else {
                        throw TrainingError.invalidSetting(
                            name: "a source's task", found: "\"\(name)\"",
                            expected: "one of \(tasks.map(\.name).joined(separator: ", "))")
                    }
                    return number
                })
        }
        for (number, task) in tasks.enumerated() {
            let count = members.reduce(0) { $0 + $1.count { $0 == number } }
            guard count == 1 else {
                throw TrainingError.invalidSetting(
                    name: "the number of sources of task \"\(task.name)\"", found: "\(count)", expected: "1")
            }
        }
        return members
    }

    /// Compares every task's loss with what the data have for it.
    private static func check(_ tasks: [LearningTask], against dataset: any Dataset) throws {
        for task in tasks {
            guard let target = dataset.tasks.first(where: { $0.name == task.name }) else {
                throw TrainingError.missingTargets(task: [task.name], known: dataset.tasks.map(\.name))
            }
            switch (task.loss, target.kind) {
            case (.crossEntropy, .classes), (.binaryCrossEntropy, .regression), (.squaredError, .regression),
                (.absoluteError, .regression), (.huber, .regression),
                (.domainDiscrepancy, .regression):
                continue
            case (.crossEntropy, .regression(let columns)):
                throw TrainingError.incompatibleTarget(
                    task: task.name, found: "\(columns) real numbers", expected: "classes")
            case (_, .classes(let count, _)):
                throw TrainingError.incompatibleTarget(
                    task: task.name, found: "one of \(count) classes", expected: "real numbers")
            }
        }
    }

    private static func checkSettings(of step: TrainingStep) throws {
        for task in step.tasks {
            func require(_ isAllowed: Bool, _ name: String, _ found: String, _ expected: String) throws {
                if isAllowed { return }
                throw TrainingError.invalidSetting(
                    name: "\(name) of task \"\(task.name)\"", found: found, expected: expected)
            }
            let factor = task.learningRateFactor
            try require(factor > 0 && factor.isFinite, "learningRate", "\(factor)", "a number above 0")
            let hasHead = step.arena.segments.contains { $0.group == task.headGroup }
            try require(
                factor == 1 || hasHead, "learningRate", "\(factor)",
                "1, for no parameter's name begins with \(task.headPrefix)")
            guard let stopping = task.earlyStopping else { continue }
            try require(stopping.patience >= 1, "earlyStopping.patience", "\(stopping.patience)", "at least 1")
            try require(
                !stopping.restoresBest || step.average == nil, "earlyStopping.restoreBest", "true",
                "false where an average of the weights is measured")
            try require(
                stopping.minDelta >= 0 && stopping.minDelta.isFinite, "earlyStopping.minDelta", "\(stopping.minDelta)",
                "a number of at least 0")
        }
    }

    /// Goes through the run's steps until every task has had a turn.
    private func checkThatAllTasksAppear(_ tasks: [LearningTask], _ settings: TrainingSettings) throws {
        let scheduling = settings.scheduling
        var missing = Set(tasks.indices)
        let steps = settings.epochs * stepsPerEpoch
        var step = 1
        while step <= steps && !missing.isEmpty {
            missing.subtract(
                scheduling.schedule.tasks(
                    in: ScheduledStep(
                        step: step, epoch: (step - 1) / stepsPerEpoch + 1, epochs: settings.epochs, seed: settings.seed,
                        tasks: Array(tasks.indices), labelledSamples: labelledSamples,
                        keyMetrics: tasks.map { _ in nil })))
            step += 1
        }
        if let first = missing.min() {
            throw ScheduleError.neverScheduled(task: tasks[first].name, schedule: scheduling.name, steps: steps)
        }
    }
}
