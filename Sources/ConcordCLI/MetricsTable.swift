import Foundation

/// The metrics of every task, for people.
enum MetricsTable {
    static func text(_ metrics: [String: [String: Double]], tasks: [String]) -> String {
        let names = Set(metrics.values.flatMap(\.keys)).sorted { first, second in
            // The loss is what every task has.
            first == "loss" || (second != "loss" && first < second)
        }
        var table = TextTable([("task", .left)] + names.map { ($0, .right) })
        for task in tasks {
            table.add([task] + names.map { name in metrics[task]?[name].map { String(format: "%.4f", $0) } ?? "–" })
        }
        return table.text
    }
}
