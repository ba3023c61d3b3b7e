import ArgumentParser
import Concord
import Foundation

struct InterferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "interference",
        abstract: "Shows how the gradients of a run's tasks got along.",
        discussion: """
            Reads metrics.jsonl of a run whose method looks at gradients. Prints the mean cosines of the first epoch, the \
            last one and all of them, the conflict rate (the share of pairs with opposing gradients) over the epochs, and \
            which tasks to train together: the partition in which the tasks' mean cosine with the others of their group is \
            highest, a task alone counting 0. Writes a plot of cosines and conflict rate.
            """)

    @Argument(help: "The folder of a run.")
    var folder: String

    @Option(help: "The plot. Default: interference.svg in the run's folder.")
    var output: String?

    @Flag(help: "Print one JSON object: tasks, epochs, conflictRate, cosine, gradientNorms, weights, groups, plot.")
    var json = false

    private struct Report: Encodable {
        struct Cosines: Encodable {
            let first: [[Double?]]
            let last: [[Double?]]
            let mean: [[Double?]]
        }

        let tasks: [String]
        let epochs: [Int]
        let conflictRate: [Double]
        let cosine: Cosines
        let gradientNorms: [[Double?]]
        let weights: [[Double?]]
        let groups: [[String]]
        let groupingScore: Double
        let plot: String
    }

    func run() throws {
        let run = RunFolder(existing: folder)
        guard FileManager.default.fileExists(atPath: folder) else { throw CommandError("\(folder): no such folder") }
        guard FileManager.default.fileExists(atPath: run.metrics) else {
            throw CommandError("\(folder): not the folder of a run, it has no metrics.jsonl")
        }
        let log = try MetricsLog.epochs(of: run.metrics)
        let history: InterferenceHistory
        do {
            history = try InterferenceHistory(of: log)
        } catch {
            throw CommandError("\(run.metrics): \(error)")
        }
        let plot = output ?? "\(folder)/interference.svg"
        try AtomicFile.write(LineChart.document(InterferenceCommand.charts(of: history)), to: plot)
        if json {
            try JSONOutput.print(InterferenceCommand.report(on: history, plot: plot))
        } else {
            print("\(InterferenceCommand.text(of: history))\n\nplot: \(plot)")
        }
    }

    private static func charts(of history: InterferenceHistory) -> [LineChart] {
        func points(_ value: (Balance) -> Double?) -> [(x: Double, y: Double)] {
            zip(history.epochs, history.balances).compactMap { epoch, balance in
                value(balance).map { (Double(epoch), $0) }
            }
        }
        return [
            LineChart(
                title: "Cosines between the tasks' gradients", xLabel: "epoch", yLabel: "mean cosine", yRange: 0...0,
                series: history.pairs.map { first, second in
                    LineChart.Series(
                        name: "\(history.tasks[first]) – \(history.tasks[second])",
                        points: points { $0.cosine[first][second] })
                }),
            LineChart(
                title: "Pairs of tasks with opposing gradients", xLabel: "epoch", yLabel: "conflict rate", yRange: 0...1,
                series: [LineChart.Series(name: "conflict rate", points: points(\.conflictRate))]),
        ]
    }

    private static func report(on history: InterferenceHistory, plot: String) throws -> Report {
        let (first, last) = (history.balances.first?.cosine ?? [], history.balances.last?.cosine ?? [])
        let grouping = history.grouping
        return Report(
            tasks: history.tasks, epochs: history.epochs, conflictRate: history.balances.map(\.conflictRate),
            cosine: Report.Cosines(first: first, last: last, mean: history.meanCosine),
            gradientNorms: history.balances.map(\.gradientNorms), weights: history.balances.map(\.weights),
            groups: grouping.groups.map { $0.map { history.tasks[$0] } }, groupingScore: grouping.score, plot: plot)
    }

    // MARK: - For people

    private static func text(of history: InterferenceHistory) -> String {
        var parts: [String] = []
        if let first = history.balances.first, let last = history.balances.last, history.epochs.count > 1 {
            parts.append("cosines, epoch \(history.epochs[0])\n\(matrix(first.cosine, history.tasks))")
            parts.append("cosines, epoch \(history.epochs[history.epochs.count - 1])\n\(matrix(last.cosine, history.tasks))")
        }
        parts.append("cosines, mean of all epochs\n\(matrix(history.meanCosine, history.tasks))")
        parts.append(tasks(history))
        parts.append(epochs(history))
        let grouping = history.grouping
        let together = TaskGrouping.score(of: [Array(history.tasks.indices)], history.affinity)
        parts.append(
            """
            train together\(grouping.isExact ? "" : " (greedy, too many tasks to compare all groupings)")
            \(grouping.groups.map { "  " + $0.map { history.tasks[$0] }.joined(separator: ", ") }.joined(separator: "\n"))
            mean cosine with the group \(number(grouping.score)); all tasks in one group \(number(together))
            """)
        return parts.joined(separator: "\n\n")
    }

    private static func matrix(_ values: [[Double?]], _ tasks: [String]) -> String {
        var table = TextTable([("", .left)] + tasks.map { ($0, .right) })
        for (task, row) in zip(tasks, values) { table.add([task] + row.map(number)) }
        return table.text
    }

    private static func tasks(_ history: InterferenceHistory) -> String {
        var table = TextTable([("task", .left), ("gradient norm", .right), ("weight", .right)])
        for (index, task) in history.tasks.enumerated() {
            func mean(_ values: (Balance) -> [Double?]) -> String {
                SampleStatistics(history.balances.compactMap { values($0)[index] })
                    .map { String(format: "%.4g", $0.mean) } ?? "–"
            }
            table.add([task, mean(\.gradientNorms), mean(\.weights)])
        }
        return table.text
    }

    /// At most so many lines, evenly spaced, with the first and the last epoch.
    private static let epochLines = 20

    private static func epochs(_ history: InterferenceHistory) -> String {
        var table = TextTable([("epoch", .right), ("conflict rate", .right), ("lowest cosine", .right), ("of", .left)])
        let count = history.epochs.count
        let lines = min(count, epochLines)
        for line in 0..<lines {
            let index = lines == 1 ? 0 : line * (count - 1) / (lines - 1)
            let balance = history.balances[index]
            let lowest = history.pairs.compactMap { pair in
                balance.cosine[pair.first][pair.second].map { (pair: pair, cosine: $0) }
            }.min { $0.cosine < $1.cosine }
            table.add([
                "\(history.epochs[index])", Quantity.percent(balance.conflictRate), number(lowest?.cosine),
                lowest.map { "\(history.tasks[$0.pair.first]), \(history.tasks[$0.pair.second])" } ?? "",
            ])
        }
        return table.text
    }

    private static func number(_ value: Double?) -> String { value.map { String(format: "%.3f", $0) } ?? "–" }
}
