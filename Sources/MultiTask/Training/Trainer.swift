import Checkpoints
import Compute
import Datasets
import Foundation
import Networks
import Optimizers
import Tensors

/// What a run is asked to do besides its network and data.
public struct TrainingSettings: Hashable, Sendable {
    public var epochs: Int
    public var batchSize: Int
    /// Orders the samples, draws dropout masks, and tasks where the schedule leaves them to chance.
    public var seed: UInt64
    public var schedule: LearningRateSchedule
    /// Steps between checkpoints inside an epoch; nil writes them at the end of epochs only.
    public var checkpointInterval: Int?
    /// Which tasks take part in which step.
    public var scheduling: Scheduling
    /// Batches per data set whose gradients a step adds up, one in memory at a time.
    public var accumulation: Int
    /// Parts of the run, which replace the schedule; empty for a run in one.
    public var phases: [TrainingPhase]
    /// When the run ends early; nil never.
    public var stopping: RunStopping?

    public init(
        epochs: Int, batchSize: Int, seed: UInt64, schedule: LearningRateSchedule, checkpointInterval: Int? = nil,
        scheduling: Scheduling = .joint, accumulation: Int = 1, phases: [TrainingPhase] = [],
        stopping: RunStopping? = nil
    ) {
        self.epochs = epochs
        self.batchSize = batchSize
        self.seed = seed
        self.schedule = schedule
        self.checkpointInterval = checkpointInterval
        self.scheduling = scheduling
        self.accumulation = accumulation
        self.phases = phases
        self.stopping = stopping
    }

    /// The length of an epoch in steps.
    ///
    /// - Parameters:
    ///   - batches: of every data set.
    ///   - tasks: number of tasks.
    public func stepsPerEpoch(batches: [Int], tasks: Int) -> Int {
        scheduling.stepsPerEpoch(batches: batches.map { ($0 + accumulation - 1) / accumulation }, tasks: tasks)
    }
}

/// Trains a network on several tasks.
///
/// A run can stop after any step and go on later: the same seed, data and device give the same losses and weights, bit for
/// bit, with any number of interruptions.
public final class Trainer {
    private let step: TrainingStep
    private let settings: TrainingSettings
    private let setup: RunSetup
    private let phases: PhaseSequence
    private let folder: RunFolder?
    private var progress: TrainingProgress
    /// The heads of the tasks' best epochs, by task, for early stopping that restores them.
    private var bestHeads: [String: [Float]] = [:]

    /// A run whose tasks all learn from one data set.
    ///
    /// - Parameters:
    ///   - validation: measured after every epoch, to choose the best one.
    ///   - test: measured once, with the parameters of the best epoch, which the folder keeps.
    ///   - folder: where checkpoints go; nil keeps nothing.
    /// - Throws: as ``init(_:sources:settings:folder:)``.
    public convenience init(
        _ step: TrainingStep, training: any Dataset, validation: (any Dataset)? = nil,
        test: (any Dataset)? = nil, settings: TrainingSettings, folder: RunFolder? = nil
    ) throws {
        let source = TrainingSource(
            training: training, validation: validation, test: test, tasks: step.tasks.map(\.name))
        try self.init(step, sources: [source], settings: settings, folder: folder)
    }

    /// - Parameters:
    ///   - sources: every task learns from one of them.
    ///   - folder: where checkpoints go; nil keeps nothing.
    /// - Throws: ``TrainingError``, ``ScheduleError`` or `DatasetError` where settings make no sense, a task has no label
    ///   or never takes part.
    public init(
        _ step: TrainingStep, sources: [TrainingSource], settings: TrainingSettings, folder: RunFolder? = nil
    ) throws {
        setup = try RunSetup(step, sources: sources, settings: settings)
        phases = try PhaseSequence(settings, stepsPerEpoch: setup.stepsPerEpoch, of: step)
        self.step = step
        self.settings = settings
        self.folder = folder
        progress = TrainingProgress(
            identity: TrainingProgress.Identity(
                seed: settings.seed, method: step.method.name, tasks: step.tasks.map(\.name),
                samples: setup.readers.map(\.loader.dataset.count), batchSizes: setup.readers.map(\.loader.batchSize),
                scheduling: settings.scheduling.name, scheduleParameters: settings.scheduling.values,
                stepsPerEpoch: setup.stepsPerEpoch, accumulation: settings.accumulation),
            sources: sources.count, tasks: step.tasks.count)
    }

    /// Takes up the training state of the run's folder.
    ///
    /// - Throws: `CheckpointError` where the file is damaged or of another network, ``TrainingError`` where it is of
    ///   another run.
    public func resume(from folder: RunFolder) throws {
        let state = try folder.trainingProgress()
        guard let saved = try? JSONDecoder().decode(TrainingProgress.self, from: Data(state.utf8)) else {
            throw CheckpointError.invalidState(path: folder.last)
        }
        guard saved.identity == progress.identity else {
            throw TrainingError.incompatibleState(
                path: folder.last, found: "\(saved.identity)", expected: "\(progress.identity)")
        }
        try folder.restore(step)
        progress = saved
        step.optimizer.stepCounts = saved.optimizerSteps
        if let state = saved.method { try step.restore(state) }
        bestHeads = try folder.bestHeads()
        for (reader, position) in zip(setup.readers, saved.schedule.positions) { reader.move(to: position) }
    }

    /// Steps that are behind the run.
    public var completedSteps: Int { progress.step }

    /// Whether the last epoch is behind the run, or nothing learns any more.
    private var isComplete: Bool {
        progress.epoch >= settings.epochs || progress.stopping.hasStopped
            || progress.schedule.learningTasks(of: step.tasks).isEmpty
    }

    /// Trains until the last epoch is complete, all tasks have finished or `shouldStop` says so.
    ///
    /// - Parameters:
    ///   - observer: is told everything that happens, on the thread that trains.
    ///   - shouldStop: asked after every step; if true, the run writes a checkpoint and returns.
    /// - Returns: nil if the run was stopped.
    @discardableResult
    public func run(
        observer: (TrainingEvent) throws -> Void = { _ in }, shouldStop: () -> Bool = { false }
    ) throws -> TrainingSummary? {
        try observer(
            .started(
                TrainingPlan(
                    tasks: step.tasks.map(\.name), epochs: settings.epochs,
                    samples: setup.readers.reduce(0) { $0 + $1.loader.dataset.count },
                    batchesPerEpoch: setup.stepsPerEpoch, parameters: step.arena.parameterCount,
                    measuredOn: setup.hasTest ? "valid" : "test", completedSteps: progress.step)))
        while !isComplete {
            if try trainEpoch(observer: observer, shouldStop: shouldStop) {
                try finishEpoch(observer: observer)
                if isComplete || !shouldStop() { continue }
            } else {
                try saveLast(observer: observer)
            }
            try observer(.interrupted(epoch: progress.epoch + 1, step: progress.step))
            return nil
        }
        try folder?.publishBest()
        let summary = TrainingSummary(
            epochs: progress.epoch, steps: progress.step, seconds: progress.seconds, bestEpoch: progress.bestEpoch,
            best: progress.best, test: try testMetrics())
        try observer(.end(summary))
        return summary
    }

    /// The best epoch on the test set. The network keeps the parameters of the last one.
    private func testMetrics() throws -> [String: [String: Double]] {
        guard setup.hasTest, let folder else { return [:] }
        let last = (parameters: try step.arena.values.floats(), statistics: try step.arena.statistics.floats())
        try NetworkCheckpoint.read(folder.best, into: step.arena)
        let metrics = try self.metrics(on: \.test)
        try step.arena.values.overwrite(with: last.parameters)
        try step.arena.statistics.overwrite(with: last.statistics)
        return metrics
    }

    /// - Returns: false if the run was asked to stop.
    private func trainEpoch(observer: (TrainingEvent) throws -> Void, shouldStop: () -> Bool) throws -> Bool {
        let clock = ContinuousClock()
        var start = clock.now
        beginEpoch()
        while progress.batch < setup.stepsPerEpoch {
            let learningRate = phases.learningRate(at: progress.step, epoch: progress.epoch)
            let batches = try nextBatches()
            let outcome = try step(
                batches, accumulating: settings.accumulation > 1, step: progress.step + 1, learningRate: learningRate)
            let end = clock.now
            progress.accumulated.add(outcome, seconds: (end - start) / .seconds(1))
            start = end
            progress.step += 1
            progress.batch += 1
            progress.schedule.positions = setup.readers.map(\.position)
            try observer(
                .step(
                    StepReport(
                        epoch: progress.epoch + 1, step: progress.step, batch: progress.batch,
                        samples: batches.reduce(0) { $0 + $1.count }, learningRate: learningRate,
                        losses: named(outcome.losses.map { $0.map(Double.init) }),
                        conflictRate: outcome.gramian?.conflictRate, skipped: outcome.skipped?.description)))
            if progress.batch < setup.stepsPerEpoch {
                if let interval = settings.checkpointInterval, progress.step % interval == 0 {
                    try saveLast(observer: observer)
                }
                if shouldStop() { return false }
            }
        }
        return true
    }

    /// Freezes what the phase and the finished tasks want frozen.
    private func beginEpoch() {
        let learning = Set(progress.schedule.learningTasks(of: step.tasks))
        let finished = step.tasks.indices.filter { !learning.contains($0) }.map { step.tasks[$0].headPrefix }
        phases.begin(epoch: progress.epoch, of: step, finished: finished)
    }

    /// What the tasks of the next step learn from: batches of every source that one of them belongs to.
    private func nextBatches() throws -> [DeviceBatch] {
        let schedule = settings.scheduling.schedule
        let scheduled = ScheduledStep(
            step: progress.step + 1, epoch: progress.epoch + 1, epochs: settings.epochs, seed: settings.seed,
            tasks: progress.schedule.learningTasks(of: step.tasks), labelledSamples: setup.labelledSamples,
            keyMetrics: progress.schedule.tasks.map(\.keyMetric))
        let tasks = schedule.tasks(in: scheduled)
        let priorities = step.tasks.indices.map { schedule.priority(of: $0, in: scheduled) }
        return try setup.readers.filter { !$0.tasks.isDisjoint(with: tasks) }.flatMap { reader in
            try reader.next(settings.accumulation).map { batch in
                try DeviceBatch(
                    batch, tasks: step.tasks, including: reader.tasks.intersection(tasks), priorities: priorities,
                    on: step.arena.device)
            }
        }
    }

    private func finishEpoch(observer: (TrainingEvent) throws -> Void) throws {
        try checkParameters()
        let clock = ContinuousClock()
        let start = clock.now
        let phase = settings.phases.isEmpty ? nil : phases.phase(of: progress.epoch).phase.name
        let metrics = try withAverage { try self.metrics(on: \.validation) }
        let epoch = progress.accumulated
        let meanLosses = step.tasks.indices.map(epoch.meanLoss)
        step.finishEpoch(meanLosses: meanLosses)
        let train = named(meanLosses).mapValues { ["loss": $0] }
        for (number, task) in step.tasks.enumerated() {
            guard let measured = metrics[task.name] ?? train[task.name] else { continue }
            progress.schedule.record(measured, of: number, by: settings.scheduling.schedule)
        }
        let score = self.score
        let isBest = progress.bestScore.map { score > $0 } ?? true
        progress.epoch += 1
        progress.batch = 0
        progress.accumulated = EpochAccumulator(tasks: step.tasks.count)
        if isBest {
            progress.bestScore = score
            progress.bestEpoch = progress.epoch
            progress.best = progress.schedule.metrics(of: step.tasks)
        }
        let finishing = try judgeTasks()
        try settings.stopping?.judge(
            &progress.stopping, mean: score, metrics: progress.schedule.metrics(of: step.tasks), epoch: progress.epoch)
        let seconds = epoch.totalSeconds + (clock.now - start) / .seconds(1)
        progress.seconds += seconds
        try observer(
            .epoch(
                EpochReport(
                    epoch: progress.epoch, step: progress.step, phase: phase, seconds: seconds, train: train,
                    valid: metrics,
                    balance: epoch.balance(of: step.tasks.map(\.name)), schedule: scheduleReport(epoch),
                    skippedSteps: epoch.skipped, isBest: isBest)))
        if isBest { try withAverage { try folder?.writeBest(step.arena) } }
        try freeze(finishing)
        try saveLast(observer: observer)
    }

    /// Runs something with the average of the weights, if there is one, in their place.
    private func withAverage<Result>(_ body: () throws -> Result) throws -> Result {
        guard let average = step.average else { return try body() }
        return try average(body)
    }

    /// The metrics of every task on one of the data sets of its source.
    private func metrics(on loader: (SourceReader) -> BatchLoader?) throws -> [String: [String: Double]] {
        let evaluation = Evaluation(network: step.network, tasks: step.tasks, arena: step.arena)
        var metrics: [String: [String: Double]] = [:]
        for reader in setup.readers {
            guard let loader = loader(reader) else { continue }
            metrics.merge(try evaluation(loader, of: reader.tasks)) { $1 }
        }
        return metrics
    }

    /// Lets early stopping look at the tasks.
    ///
    /// - Returns: the tasks that are to be frozen.
    private func judgeTasks() throws -> [LearningTask] {
        var finishing: [LearningTask] = []
        for (number, task) in step.tasks.enumerated() {
            let hasFinished = progress.schedule.tasks[number].finishedEpoch != nil
            guard let stopping = task.earlyStopping, !hasFinished else { continue }
            switch try progress.schedule.judge(number, by: stopping, name: task.name, epoch: progress.epoch) {
            case .improved:
                if stopping.restoresBest { bestHeads[task.name] = try step.arena.headValues(task.headPrefix) }
            case .learning: break
            case .finished:
                if stopping.action == .freeze { finishing.append(task) }
            }
        }
        return finishing
    }

    private func freeze(_ tasks: [LearningTask]) throws {
        for task in tasks {
            if let head = bestHeads.removeValue(forKey: task.name) { try step.arena.setHead(task.headPrefix, to: head) }
            step.arena.freeze(prefixes: [task.headPrefix])
        }
    }

    private func scheduleReport(_ epoch: EpochAccumulator) -> EpochSchedule {
        var steps: [String: Int] = [:]
        var finished: [String: Int] = [:]
        for (number, task) in step.tasks.enumerated() {
            steps[task.name] = epoch.steps[number]
            finished[task.name] = progress.schedule.tasks[number].finishedEpoch
        }
        return EpochSchedule(steps: steps, finished: finished)
    }

    /// The mean over the tasks; higher is better. A task with binary targets counts by its `auc`, because the accuracy
    /// says little where one answer is rare; one with classes by its accuracy, any other by its negative loss. A task
    /// that took no part in the epoch counts by its newest metrics.
    private var score: Double {
        let scores = zip(step.tasks, progress.schedule.tasks).compactMap { task, state -> Double? in
            if state.metrics.isEmpty || task.role != .goal { return nil }
            if case .binaryCrossEntropy = task.loss, let area = state.metrics["auc"] { return area }
            return state.metrics["accuracy"] ?? -(state.metrics["loss"] ?? .infinity)
        }
        return scores.isEmpty ? -.infinity : scores.reduce(0, +) / Double(scores.count)
    }

    /// Keeps checkpoints good: a gradient may overflow although every loss is finite.
    private func checkParameters() throws {
        guard try step.arena.values.absolute().max().scalar().isFinite else {
            throw TrainingError.parametersNotFinite(step: progress.step)
        }
    }

    private func saveLast(observer: (TrainingEvent) throws -> Void) throws {
        guard let folder else { return }
        try checkParameters()
        progress.optimizerSteps = step.optimizer.stepCounts
        progress.method = try step.state()
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let state = String(decoding: try encoder.encode(progress), as: UTF8.self)
        try folder.writeTrainingState(state, of: step, bestHeads: bestHeads)
        try observer(.checkpoint(path: folder.last, step: progress.step))
    }

    private func named(_ values: [Double?]) -> [String: Double] {
        var result: [String: Double] = [:]
        for (task, value) in zip(step.tasks, values) { result[task.name] = value }
        return result
    }
}
