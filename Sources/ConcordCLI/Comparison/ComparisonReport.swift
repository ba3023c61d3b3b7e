import Concord
import Configuration
import Foundation

/// What a comparison has found: metrics per task and the changes against training every task alone.
struct ComparisonReport: Encodable {
    struct Row: Encodable {
        let variant: String
        let metrics: [String: [String: SampleStatistics]]
        /// In percent; nil for the baseline, and where a metric is not above 0.
        let deltaP: SampleStatistics?
        let deltaM: SampleStatistics?
    }

    static let baselineName = "single-task"

    let seeds: [UInt64]
    /// The baseline, then the methods.
    let rows: [Row]
    private let tasks: [String]

    private enum CodingKeys: CodingKey { case seeds, rows }

    /// - Parameter results: one of every variant and seed.
    init(of results: [ComparisonResult], variants: [ComparisonVariant], seeds: [UInt64]) {
        self.seeds = seeds
        var alone: [[String: [String: Double]]] = seeds.map { _ in [:] }
        var tasks: [String] = []
        var methods: [(name: String, metrics: [TaskMetrics])] = []
        for variant in variants {
            let metrics = seeds.map { seed in
                results.first { $0.variant == variant.name && $0.seed == seed }?.metrics ?? [:]
            }
            switch variant {
            case .singleTask(let task):
                tasks.append(task)
                for index in seeds.indices { alone[index][task] = metrics[index][task] }
            case .method: methods.append((variant.name, metrics))
            }
        }
        self.tasks = tasks
        let baseline = ComparisonReport.statistics(of: alone)
        let base = baseline.mapValues { $0.mapValues(\.mean) }
        rows =
            [Row(variant: ComparisonReport.baselineName, metrics: baseline, deltaP: nil, deltaM: nil)]
            + methods.map { name, metrics in
                // Every seed against the mean of the baseline: the mean of the changes is the change of the means.
                let changes = metrics.map { RelativePerformance(of: $0, against: base) }
                let known = changes.contains(nil) ? [] : changes.compactMap { $0 }
                return Row(
                    variant: name, metrics: ComparisonReport.statistics(of: metrics),
                    deltaP: SampleStatistics(known.map(\.taskMean)), deltaM: SampleStatistics(known.map(\.metricMean)))
            }
    }

    private static func statistics(of runs: [TaskMetrics]) -> [String: [String: SampleStatistics]] {
        var values: [String: [String: [Double]]] = [:]
        for run in runs {
            for (task, metrics) in run {
                for (metric, value) in metrics { values[task, default: [:]][metric, default: []].append(value) }
            }
        }
        return values.mapValues { $0.compactMapValues(SampleStatistics.init) }
    }

    /// The table for people.
    var text: String {
        let columns = tasks.flatMap { task in
            Set(rows.compactMap { $0.metrics[task]?.keys }.joined()).subtracting(["loss"]).sorted().map { (task, $0) }
        }
        var table = TextTable(
            [("", .left)] + columns.map { ("\($0.0) \($0.1)", .right) } + [("Δp %", .right), ("Δm %", .right)])
        for row in rows {
            table.add(
                [row.variant]
                    + columns.map { ComparisonReport.text(row.metrics[$0.0]?[$0.1], decimals: 4, signed: false) }
                    + [row.deltaP, row.deltaM].map { ComparisonReport.text($0, decimals: 2, signed: true) })
        }
        return """
            \(table.text)

            mean\(seeds.count > 1 ? " ± standard deviation" : "") of \(seeds.count) \(seeds.count == 1 ? "seed" : "seeds"); \
            Δp: mean over tasks, positive is better; Δm: mean over metrics, negative is better
            """
    }

    private static func text(_ value: SampleStatistics?, decimals: Int, signed: Bool) -> String {
        guard let value else { return "–" }
        let mean = String(format: signed ? "%+.*f" : "%.*f", decimals, value.mean)
        return value.standardDeviation.map { "\(mean) ± \(String(format: "%.*f", decimals, $0))" } ?? mean
    }
}
