import Concord
import Configuration
import Foundation

/// A training run in a folder, with its configuration and log.
struct TrainingRun {
    let experiment: Experiment
    let folder: RunFolder
    private let trainer: Trainer
    private let log: MetricsLog

    /// Prepares a run from its beginning, and makes its folder.
    init(starting experiment: Experiment, at path: String) throws {
        // First: a run that cannot begin leaves nothing behind.
        let trainer = try experiment.trainer(folder: RunFolder(existing: path))
        let folder = try RunFolder(path)
        try AtomicFile.write(try experiment.configuration.yaml(), to: folder.configuration)
        if let preprocessing = experiment.preprocessing { try folder.write(preprocessing) }
        try self.init(experiment, in: folder, trainer: trainer)
    }

    /// Prepares a run from its last checkpoint.
    init(resuming experiment: Experiment, in folder: RunFolder) throws {
        let trainer = try experiment.trainer(folder: folder)
        try trainer.resume(from: folder)
        // Only now: a run that cannot be continued keeps its configuration.
        try AtomicFile.write(try experiment.configuration.yaml(), to: folder.configuration)
        try self.init(experiment, in: folder, trainer: trainer)
    }

    private init(_ experiment: Experiment, in folder: RunFolder, trainer: Trainer) throws {
        self.experiment = experiment
        self.folder = folder
        self.trainer = trainer
        log = try MetricsLog(
            path: folder.metrics, interval: experiment.configuration.metrics.interval,
            keepingUpTo: trainer.completedSteps)
    }

    var completedSteps: Int { trainer.completedSteps }

    /// Trains to the end, or until somebody wants the run to stop.
    ///
    /// - Parameter report: is told everything that happens, after the log.
    /// - Returns: nil if the run was stopped.
    func callAsFunction(
        until interruption: Interruption, report: (TrainingEvent) -> Void
    ) throws -> TrainingSummary? {
        do {
            return try trainer.run(
                observer: { event in
                    try log.record(event)
                    report(event)
                },
                shouldStop: { interruption.isRequested })
        } catch let error as TrainingError {
            switch error {
            case .notFinite, .parametersNotFinite:
                guard folder.hasTrainingState else { throw error }
                throw CommandError("\(error). The last checkpoint is \(folder.last)")
            default: throw error
            }
        }
    }
}
