import ArgumentParser
import Concord
import Foundation

struct BenchAggregate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aggregate",
        abstract: "Measures how long methods take from the Gramian to the weights, by number of tasks.")

    @Option(help: "The method. Default: all that work on the Gramian.")
    var method: String?

    @Option(name: .customLong("set"), help: "A parameter of the method as key=value.")
    var settings: [String] = []

    @Option(help: "Numbers of tasks, separated by commas.")
    var tasks = "3,8,40,128"

    @Flag(help: "Print one JSON object per method and number of tasks.")
    var json = false

    private struct Result: Encodable {
        let method: String
        let tasks: Int
        /// Median and minimum of one call.
        let milliseconds: Double
        let minimum: Double
    }

    func run() throws {
        let sizes = tasks.split(separator: ",").compactMap { Int($0) }.filter { 1...1024 ~= $0 }
        guard !sizes.isEmpty, sizes.count == tasks.split(separator: ",").count else {
            throw ValidationError("--tasks \(tasks): expected numbers from 1 to 1024, separated by commas")
        }
        let names = try method.map { [$0] } ?? Method.names.filter { try BenchAggregate.isGramian(named: $0) }
        var table = TextTable([("method", .left)] + sizes.map { ("K = \($0)", .right) })
        for name in names {
            guard case .gramian = try MethodSettings(settings).method(named: name).kind else {
                throw ValidationError("\(name) does not work on the Gramian; only such methods are measured")
            }
            let results = try sizes.map { try measure(name, tasks: $0) }
            if json {
                for result in results { try JSONOutput.print(result) }
            } else {
                table.add([name] + results.map { String(format: "%.4f", $0.milliseconds) })
            }
        }
        if !json { print("milliseconds, median\n\(table.text)") }
    }

    private static func isGramian(named name: String) throws -> Bool {
        if case .gramian = try Method(named: name, seed: 0).kind { true } else { false }
    }

    /// Random gradients of twice as many elements as tasks: independent, with about as many conflicts as agreements.
    private func measure(_ name: String, tasks: Int) throws -> Result {
        var method = try MethodSettings(settings).method(named: name)
        var random = Philox(seed: 0, stream: "bench.aggregate")
        let rows = (0..<tasks).map { _ in (0..<2 * tasks).map { _ in Double(random.integer(below: 2001)) / 1000 - 1 } }
        let gramian = SquareMatrix(gramianOf: rows)
        let step = StepContext(taskCount: tasks, losses: Array(repeating: 1, count: tasks))
        method.finishEpoch(meanLosses: Array(repeating: 1, count: tasks))
        let timing = try Timing(on: try Devices.choose("cpu").device, minimumSamples: 3, seconds: 0.05) {
            _ = try method.weights(for: gramian, in: step)
        }
        return Result(method: name, tasks: tasks, milliseconds: timing.median * 1e3, minimum: timing.minimum * 1e3)
    }
}
