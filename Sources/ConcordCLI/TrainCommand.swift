import ArgumentParser
import Concord
import Configuration
import Foundation

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Trains what a configuration describes.",
        discussion: """
            Results go to a folder: metrics.jsonl, checkpoints/, config.yaml, and model.safetensors with the parameters \
            of the best epoch once the run is complete. Ctrl-C finishes the step, writes a checkpoint and exits with 130; \
            --resume goes on from there, to the same numbers as a run that was never interrupted.
            """)

    @Argument(help: "A configuration in YAML.")
    var config: String?

    @Option(help: ArgumentHelp("Where to compute: \(Devices.requests).", valueName: "device"))
    var device: String?

    @Option(help: "Replaces the configuration's seed.")
    var seed: String?

    @Option(help: "Replaces the configuration's number of epochs.")
    var epochs: String?

    @Option(help: "The folder for the results. Default: runs/NAME-N with the next free number.")
    var output: String?

    @Option(help: "Goes on with the run in this folder.")
    var resume: String?

    @Option(name: .customLong("set"), help: "Replaces a value of the configuration: key.path=value.")
    var settings: [String] = []

    func validate() throws {
        guard (config == nil) != (resume == nil) else {
            throw ValidationError("Expected either a configuration or --resume with the folder of a run.")
        }
        if resume != nil && (output != nil || seed != nil || !settings.isEmpty) {
            throw ValidationError("--resume goes on as the run began: only --epochs and --device can be given with it.")
        }
    }

    func run() throws {
        if let resume {
            try continueRun(in: resume)
        } else if let config {
            try startRun(config)
        }
    }

    private func overrides() throws -> [ConfigurationOverride] {
        var overrides = try settings.map(ConfigurationOverride.init(parsing:))
        for (key, value) in [("seed", seed), ("epochs", epochs), ("device", device)] {
            if let value { overrides.append(ConfigurationOverride(key, value: value, option: "--\(key)")) }
        }
        return overrides
    }

    private func startRun(_ file: String) throws {
        var configuration = try ExperimentConfiguration(contentsOf: file, overrides: try overrides())
        let path = output ?? TrainCommand.freeFolder(for: file)
        try TrainCommand.checkUnused(path)
        let choice = try DeviceChoice(request: configuration.device)
        configuration.device = choice.device.information.identifier
        let experiment = try Experiment(configuration, on: choice.device)
        try train(try TrainingRun(starting: experiment, at: path), on: choice)
    }

    private func continueRun(in path: String) throws {
        let folder = try RunFolder.existing(path)
        guard folder.hasTrainingState else {
            throw CommandError(
                "\(path): no training state to go on with (the run ended before its first checkpoint); "
                    + "start anew with concord train \(folder.configuration) --output DIR")
        }
        var configuration = try ExperimentConfiguration(contentsOf: folder.configuration, overrides: try overrides())
        let choice = try DeviceChoice(request: configuration.device)
        configuration.device = choice.device.information.identifier
        let experiment = try Experiment(
            configuration, on: choice.device, preprocessing: try folder.storedPreprocessing())
        try train(try TrainingRun(resuming: experiment, in: folder), on: choice)
    }

    /// `runs/NAME-N` with the next free number.
    private static func freeFolder(for config: String) -> String {
        let name = URL(fileURLWithPath: config).deletingPathExtension().lastPathComponent
        var number = 1
        while FileManager.default.fileExists(atPath: "runs/\(name)-\(number)") { number += 1 }
        return "runs/\(name)-\(number)"
    }

    /// Results of another run are never overwritten.
    private static func checkUnused(_ path: String) throws {
        guard let entries = try? FileManager.default.contentsOfDirectory(atPath: path), !entries.isEmpty else { return }
        throw CommandError(
            "\(path): the folder is not empty; choose another one, or go on with its run: concord train --resume \(path)")
    }

    private func train(_ run: TrainingRun, on choice: DeviceChoice) throws {
        let (experiment, folder) = (run.experiment, run.folder)
        for report in experiment.imports { print("\(report.path): \(report)") }
        let interruption = Interruption()
        let reporter = TrainingReporter()
        print(
            """
            \(experiment.model.tasks.map(\.name).joined(separator: ", ")) by \(experiment.configuration.method.name) \
            on \(choice.reason)
            \(experiment.sources.reduce(0) { $0 + $1.training.count }) samples, \
            \(experiment.model.arena.parameterCount) parameters; \
            results in \(folder.path)
            """)
        fflush(nil)
        let summary: TrainingSummary?
        do {
            summary = try run(until: interruption, report: reporter.report)
        } catch {
            reporter.clear()
            throw error
        }
        guard let summary else {
            print("stopped after step \(run.completedSteps); go on with: concord train --resume \(folder.path)")
            throw ExitCode(Interruption.exitCode)
        }
        print(TrainCommand.report(on: summary, of: experiment, in: folder))
    }

    private static func report(
        on summary: TrainingSummary, of experiment: Experiment, in folder: RunFolder
    ) -> String {
        """

        best epoch \(summary.bestEpoch) of \(summary.epochs)\(summary.test.isEmpty ? "" : " on the test split"), \
        \(Quantity.duration(summary.seconds))
        \(MetricsTable.text(
            summary.test.isEmpty ? summary.best : summary.test, tasks: experiment.model.tasks.map(\.name)))

        model: \(folder.model)
        log: \(folder.metrics)
        """
    }
}
