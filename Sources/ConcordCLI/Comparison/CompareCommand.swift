import ArgumentParser
import Concord
import Configuration
import Foundation

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Trains a configuration's tasks alone and together, and compares the results.",
        discussion: """
            Every task alone with the same trunk is the baseline; then all tasks by each method, all with several seeds. \
            Prints mean and standard deviation of every metric, Δp (mean over the tasks of the changes in percent, positive \
            is better) and Δm (mean over all metrics, negative is better).
            The metrics are those of the test split, by the epoch that the validation samples choose; without \
            dataset.validation those of the last epoch, because the test split must not choose.
            Every run has a folder of its own, and its result is a line of results.jsonl. The same command again trains \
            only what is missing; Ctrl-C writes a checkpoint to go on from.
            """)

    @Argument(help: "A configuration in YAML.")
    var config: String

    @Option(help: "Methods, separated by commas. Default: the configuration's. One that it names keeps its parameters there.")
    var methods: String?

    @Option(help: "Number of seeds, counted from the configuration's.")
    var seeds = 3

    @Option(help: "Replaces the configuration's number of epochs.")
    var epochs: String?

    @Option(help: ArgumentHelp("Where to compute: \(Devices.requests).", valueName: "device"))
    var device: String?

    @Option(help: "The folder for the results. Default: runs/compare-NAME.")
    var output: String?

    @Option(name: .customLong("set"), help: "Replaces a value of the configuration: key.path=value.")
    var settings: [String] = []

    @Flag(help: "Print one JSON object: seeds, and rows with variant, metrics, deltaP and deltaM.")
    var json = false

    func validate() throws {
        if seeds < 1 { throw ValidationError("--seeds \(seeds): expected at least 1") }
    }

    func run() throws {
        var overrides = try settings.map(ConfigurationOverride.init(parsing:))
        for (key, value) in [("epochs", epochs), ("device", device)] {
            if let value { overrides.append(ConfigurationOverride(key, value: value, option: "--\(key)")) }
        }
        var base = try ExperimentConfiguration(contentsOf: config, overrides: overrides)
        let names = methods?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } ?? []
        let variants = try ComparisonVariant.all(of: base, methods: names)
        let choice = try DeviceChoice(request: base.device)
        base.device = choice.device.information.identifier
        let name = URL(fileURLWithPath: config).deletingPathExtension().lastPathComponent
        let comparison = try Comparison(
            of: variants, seeds: (0..<UInt64(seeds)).map { base.seed + $0 }, base: base,
            folder: output ?? "runs/compare-\(name)")
        let report = try comparison.report(on: choice, isQuiet: json)
        if json { try JSONOutput.print(report) } else { print("\n\(report.text)\n\nresults: \(comparison.resultsPath)") }
    }
}
