import ArgumentParser
import Concord
import Configuration
import Foundation

/// The runs of several variants with several seeds.
struct Comparison {
    private struct Part {
        let variant: String
        let seed: UInt64
        let configuration: ExperimentConfiguration
        let folder: String
    }

    private let variants: [ComparisonVariant]
    private let seeds: [UInt64]
    private let base: ExperimentConfiguration
    private let folder: String
    private let parts: [Part]

    var resultsPath: String { "\(folder)/results.jsonl" }

    init(of variants: [ComparisonVariant], seeds: [UInt64], base: ExperimentConfiguration, folder: String) throws {
        (self.variants, self.seeds, self.base, self.folder) = (variants, seeds, base, folder)
        parts = try seeds.flatMap { seed in
            try variants.map { variant in
                Part(
                    variant: variant.name, seed: seed, configuration: try variant.configuration(from: base, seed: seed),
                    folder: "\(variant.name)-seed-\(seed)")
            }
        }
    }

    /// Trains what is missing.
    ///
    /// - Parameter isQuiet: prints nothing, because the output belongs to a script.
    func report(on choice: DeviceChoice, isQuiet: Bool) throws -> ComparisonReport {
        // All of them before the first run: hours may lie in between.
        let states = try parts.map(state)
        var file = try ResultsFile(resultsPath)
        let interruption = Interruption()
        for (index, part) in parts.enumerated() {
            let title = "[\(index + 1)/\(parts.count)] \(part.variant), seed \(part.seed)"
            if states[index] == .trained, file.result(of: part.variant, seed: part.seed) != nil {
                if !isQuiet { print("\(title): done before") }
                continue
            }
            if !isQuiet { print("\(title) on \(choice.device.information.identifier)") }
            let experiment = try Experiment(part.configuration, on: choice.device)
            let path = "\(folder)/\(part.folder)"
            let run =
                states[index] == .missing
                ? try TrainingRun(starting: experiment, at: path)
                : try TrainingRun(resuming: experiment, in: try RunFolder(path))
            try file.add(try result(of: part, run, until: interruption, isQuiet: isQuiet))
        }
        return ComparisonReport(of: file.results, variants: variants, seeds: seeds)
    }

    private enum State {
        /// Nothing to go on from.
        case missing
        /// A checkpoint, of the middle or the end of the run.
        case trained
    }

    /// - Throws: where the folder is that of another run.
    private func state(of part: Part) throws -> State {
        let path = "\(folder)/\(part.folder)"
        let existing = RunFolder(existing: path)
        guard FileManager.default.fileExists(atPath: existing.configuration) else { return .missing }
        var found = try ExperimentConfiguration(contentsOf: existing.configuration)
        // Where a run was computed, and how often it wrote, changes nothing that is compared.
        found.device = part.configuration.device
        found.metrics = part.configuration.metrics
        found.checkpointInterval = part.configuration.checkpointInterval
        guard found == part.configuration else {
            throw CommandError(
                "\(path): trained with another configuration than \(part.variant) has now; choose another --output, "
                    + "or remove the folder to train it anew")
        }
        return existing.hasTrainingState ? .trained : .missing
    }

    private func result(
        of part: Part, _ run: TrainingRun, until interruption: Interruption, isQuiet: Bool
    ) throws -> ComparisonResult {
        let reporter = isQuiet ? nil : TrainingReporter()
        let summary: TrainingSummary?
        do {
            summary = try run(until: interruption) { reporter?.report($0) }
        } catch {
            reporter?.clear()
            throw CommandError("\(part.variant), seed \(part.seed): \(error)")
        }
        guard let summary else {
            if !isQuiet { print("stopped; the same command goes on") }
            throw ExitCode(Interruption.exitCode)
        }
        // Without validation samples every epoch was measured on the test split, and the best one is best by luck, too.
        let last = try MetricsLog.epochs(of: run.folder.metrics).last
        return ComparisonResult(
            variant: part.variant, seed: part.seed, folder: part.folder, epochs: summary.epochs, steps: summary.steps,
            seconds: summary.seconds, measuredEpoch: summary.test.isEmpty ? summary.epochs : summary.bestEpoch,
            metrics: summary.test.isEmpty ? last?.valid ?? [:] : summary.test)
    }
}
