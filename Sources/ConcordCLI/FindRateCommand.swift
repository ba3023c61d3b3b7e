import ArgumentParser
import Concord
import Configuration
import Foundation

struct FindRateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "find-rate",
        abstract: "Suggests a learning rate for a configuration.",
        discussion: """
            Trains with a rate that grows exponentially from step to step until the loss grows out of hand, with what is \
            frozen in the run's first phase frozen. Writes OUTPUT.csv and OUTPUT.svg, and suggests three rates: where the \
            smoothed loss falls fastest, inside its longest fall, and a tenth of the rate with the lowest loss. The rate is \
            that of the highest group of layers, optimizer.learningRate.
            """)

    @Argument(help: "A configuration in YAML.")
    var config: String

    @Option(help: ArgumentHelp("Where to compute: \(Devices.requests).", valueName: "device"))
    var device: String?

    @Option(name: .customLong("set"), help: "Replaces a value of the configuration: key.path=value.")
    var settings: [String] = []

    @Option(help: "The rate of the first step.")
    var lowest = LearningRateFinder().lowest

    @Option(help: "The rate behind the last step.")
    var highest = LearningRateFinder().highest

    @Option(help: "The number of steps.")
    var steps = LearningRateFinder().steps

    @Option(help: "The files without their extensions. Default: find-rate.")
    var output = "find-rate"

    @Flag(help: "Print one JSON object: steepest, valley, minimum, points, table, plot.")
    var json = false

    private struct Report: Encodable {
        let steepest: Double
        let valley: Double
        let minimum: Double
        let points: Int
        let table: String
        let plot: String
    }

    func validate() throws {
        guard lowest > 0 && highest > lowest && highest.isFinite else {
            throw ValidationError("Expected rates with 0 < lowest < highest, found \(lowest) and \(highest).")
        }
        guard (10...100_000).contains(steps) else {
            throw ValidationError("Expected --steps from 10 to 100000, found \(steps).")
        }
    }

    func run() throws {
        var overrides = try settings.map(ConfigurationOverride.init(parsing:))
        if let device { overrides.append(ConfigurationOverride("device", value: device, option: "--device")) }
        let configuration = try ExperimentConfiguration(contentsOf: config, overrides: overrides)
        let choice = try DeviceChoice(request: configuration.device)
        let experiment = try Experiment(configuration, on: choice.device)
        let finder = LearningRateFinder(lowest: lowest, highest: highest, steps: steps)
        let curve = try finder(
            experiment.step, sources: experiment.sources, phase: try experiment.settings().phases.first,
            batchSize: configuration.batchSize, seed: configuration.seed)
        let (table, plot) = ("\(output).csv", "\(output).svg")
        let rows = curve.points.map { "\($0.rate),\($0.loss),\($0.smoothedLoss)\n" }
        try AtomicFile.write("rate,loss,smoothed\n" + rows.joined(), to: table)
        try AtomicFile.write(LineChart.document([FindRateCommand.chart(of: curve)]), to: plot)
        if json {
            try JSONOutput.print(
                Report(
                    steepest: curve.steepest, valley: curve.valley, minimum: curve.minimum,
                    points: curve.points.count, table: table, plot: plot))
        } else {
            print(
                """
                \(curve.points.count) steps on \(choice.reason)
                steepest  \(String(format: "%.2e", curve.steepest))
                valley    \(String(format: "%.2e", curve.valley))
                minimum   \(String(format: "%.2e", curve.minimum))  (a tenth of the rate with the lowest loss)

                table: \(table)
                plot: \(plot)
                """)
        }
    }

    private static func chart(of curve: LearningRateCurve) -> LineChart {
        let points = curve.points
        let suggestions = [("steepest", curve.steepest), ("valley", curve.valley), ("minimum / 10", curve.minimum)]
        let smoothed = points.map(\.smoothedLoss)
        let (low, high) = (smoothed.min() ?? 0, smoothed.max() ?? 1)
        return LineChart(
            title: "Loss over the learning rate", xLabel: "log₁₀ of the learning rate", yLabel: "smoothed loss",
            yRange: low...high,
            series: [LineChart.Series(name: "loss", points: points.map { (log10($0.rate), $0.smoothedLoss) })]
                + suggestions.map { name, rate in
                    LineChart.Series(name: name, points: [(log10(rate), low), (log10(rate), high)])
                })
    }
}
