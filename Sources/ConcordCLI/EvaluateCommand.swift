import ArgumentParser
import Concord

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Measures a trained network on the test split of its dataset.")

    @Argument(help: "The folder of a run.")
    var folder: String

    @Option(help: ArgumentHelp("Where to compute: \(Devices.requests). Default: as in training.", valueName: "device"))
    var device: String?

    @Flag(help: "Print one JSON object: the metrics by task.")
    var json = false

    private static let batchSize = 256

    func run() throws {
        let run = try TrainedRun(folder: folder, device: device)
        let metrics = try run.metrics(batchSize: EvaluateCommand.batchSize)
        if json {
            try JSONOutput.print(metrics)
        } else {
            print("\(MetricsTable.text(metrics, tasks: run.model.tasks.map(\.name)))\n\n\(run.test.count) samples")
        }
    }
}
