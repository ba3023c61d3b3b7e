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
    /// Orders the samples and draws dropout masks.
    public var seed: UInt64
    public var schedule: LearningRateSchedule
    /// Steps between checkpoints inside an epoch; nil writes them at the end of epochs only.
    public var checkpointInterval: Int?

    public init(
        epochs: Int, batchSize: Int, seed: UInt64, schedule: LearningRateSchedule, checkpointInterval: Int? = nil
    ) {
        self.epochs = epochs
        self.batchSize = batchSize
        self.seed = seed
        self.schedule = schedule
        self.checkpointInterval = checkpointInterval
    }
}

/// Trains a network on several tasks.
///
/// A run can stop after any step and go on later: the same seed, data and device give the same losses and weights, bit for
/// bit, with any number of interruptions.
public final class Trainer {
    private let step: TrainingStep
    private let settings: TrainingSettings
    private let loader: BatchLoader
    private let validation: BatchLoader?
    private let test: BatchLoader?
    private let folder: RunFolder?
    private var progress: TrainingProgress

    /// - Parameters:
    ///   - validation: measured after every epoch, to choose the best one.
    ///   - test: measured once, with the parameters of the best epoch, which the folder keeps.
    ///   - folder: where checkpoints go; nil keeps nothing.
    /// - Throws: ``TrainingError`` or `DatasetError` where settings make no sense.
    public init(
        _ step: TrainingStep, training: any Dataset, validation: (any Dataset)? = nil,
        test: (any Dataset)? = nil, settings: TrainingSettings, folder: RunFolder? = nil
    ) throws {
        if step.tasks.isEmpty { throw TrainingError.noTasks }
        if settings.epochs < 1 {
            throw TrainingError.invalidSetting(
                name: "epochs", found: "\(settings.epochs)", expected: "at least 1")
        }
        try Trainer.check(step.tasks, against: training)
        self.step = step
        self.settings = settings
        self.folder = folder
        loader = try BatchLoader(
            training, batchSize: settings.batchSize, order: .shuffled(seed: settings.seed))
        func measuring(_ dataset: (any Dataset)?) throws -> BatchLoader? {
            try dataset.map { try BatchLoader($0, batchSize: max(settings.batchSize, 256), order: .sequential) }
        }
        self.validation = try measuring(validation)
        self.test = try measuring(test)
        progress = TrainingProgress(
            identity: TrainingProgress.Identity(
                seed: settings.seed, method: step.method.name, tasks: step.tasks.map(\.name), samples: training.count,
                batchSize: settings.batchSize),
            tasks: step.tasks.count)
    }

    /// Compares every task's loss with what the data have for it.
    private static func check(_ tasks: [LearningTask], against dataset: any Dataset) throws {
        for task in tasks {
            guard let target = dataset.tasks.first(where: { $0.name == task.name }) else {
                throw TrainingError.missingTargets(task: [task.name], known: dataset.tasks.map(\.name))
            }
            switch (task.loss, target.kind) {
            case (.crossEntropy, .classes), (.binaryCrossEntropy, .regression), (.squaredError, .regression),
                (.absoluteError, .regression), (.huber, .regression):
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
    }

    /// Steps that are behind the run.
    public var completedSteps: Int { progress.step }

    /// Trains until the last epoch is complete or `shouldStop` says so.
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
                    tasks: step.tasks.map(\.name), epochs: settings.epochs, samples: loader.dataset.count,
                    batchesPerEpoch: loader.batchCount, parameters: step.arena.parameterCount,
                    measuredOn: test == nil ? "test" : "valid", completedSteps: progress.step)))
        while progress.epoch < settings.epochs {
            if try trainEpoch(observer: observer, shouldStop: shouldStop) {
                try finishEpoch(observer: observer)
                if progress.epoch == settings.epochs || !shouldStop() { continue }
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
        guard let test, let folder else { return [:] }
        let last = (parameters: try step.arena.values.floats(), statistics: try step.arena.statistics.floats())
        try NetworkCheckpoint.read(folder.best, into: step.arena)
        let metrics = try Evaluation(network: step.network, tasks: step.tasks, arena: step.arena)(test)
        try step.arena.values.overwrite(with: last.parameters)
        try step.arena.statistics.overwrite(with: last.statistics)
        return metrics
    }

    /// - Returns: false if the run was asked to stop.
    private func trainEpoch(observer: (TrainingEvent) throws -> Void, shouldStop: () -> Bool) throws -> Bool {
        let clock = ContinuousClock()
        let batches = try loader.epoch(progress.epoch, startingAt: progress.batch)
        var start = clock.now
        while let batch = try batches.next() {
            let learningRate = settings.schedule.learningRate(at: progress.step)
            let outcome = try step(
                try DeviceBatch(batch, tasks: step.tasks, on: step.arena.device), step: progress.step + 1,
                learningRate: learningRate)
            let end = clock.now
            progress.accumulated.add(outcome, samples: batch.count, seconds: (end - start) / .seconds(1))
            start = end
            progress.step += 1
            progress.batch += 1
            try observer(
                .step(
                    StepReport(
                        epoch: progress.epoch + 1, step: progress.step, batch: progress.batch, samples: batch.count,
                        learningRate: learningRate,
                        losses: named(outcome.losses.map { $0.map(Double.init) }),
                        conflictRate: outcome.gramian?.conflictRate, skipped: outcome.skipped?.description)))
            if progress.batch < loader.batchCount {
                if let interval = settings.checkpointInterval, progress.step % interval == 0 {
                    try saveLast(observer: observer)
                }
                if shouldStop() { return false }
            }
        }
        return true
    }

    private func finishEpoch(observer: (TrainingEvent) throws -> Void) throws {
        try checkParameters()
        let clock = ContinuousClock()
        let start = clock.now
        let metrics =
            try validation.map { try Evaluation(network: step.network, tasks: step.tasks, arena: step.arena)($0) } ?? [:]
        let epoch = progress.accumulated
        let meanLosses = step.tasks.indices.map(epoch.meanLoss)
        step.finishEpoch(meanLosses: meanLosses)
        let train = named(meanLosses).mapValues { ["loss": $0] }
        let score = score(metrics.isEmpty ? train : metrics)
        let isBest = progress.bestScore.map { score > $0 } ?? true
        progress.epoch += 1
        progress.batch = 0
        progress.accumulated = EpochAccumulator(tasks: step.tasks.count)
        if isBest {
            progress.bestScore = score
            progress.bestEpoch = progress.epoch
            progress.best = metrics.isEmpty ? train : metrics
        }
        let seconds = epoch.totalSeconds + (clock.now - start) / .seconds(1)
        progress.seconds += seconds
        try observer(
            .epoch(
                EpochReport(
                    epoch: progress.epoch, step: progress.step, seconds: seconds, train: train, valid: metrics,
                    balance: epoch.balance, skippedSteps: epoch.skipped, isBest: isBest)))
        if isBest { try folder?.writeBest(step.arena) }
        try saveLast(observer: observer)
    }

    /// The mean over the tasks; higher is better. A task with binary targets counts by its `auc`, because the accuracy
    /// says little where one answer is rare; one with classes by its accuracy, any other by its negative loss.
    private func score(_ metrics: [String: [String: Double]]) -> Double {
        let scores = step.tasks.compactMap { task -> Double? in
            guard let values = metrics[task.name] else { return nil }
            if case .binaryCrossEntropy = task.loss, let area = values["auc"] { return area }
            return values["accuracy"] ?? -(values["loss"] ?? .infinity)
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
        try folder.writeTrainingState(state, of: step)
        try observer(.checkpoint(path: folder.last, step: progress.step))
    }

    private func named(_ values: [Double?]) -> [String: Double] {
        var result: [String: Double] = [:]
        for (task, value) in zip(step.tasks, values) { result[task.name] = value }
        return result
    }
}
