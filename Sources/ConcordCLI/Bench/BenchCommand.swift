import ArgumentParser
import Concord
import Foundation

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measures the speed of devices and methods.",
        subcommands: [
            BenchGEMM.self, BenchConv.self, BenchReduce.self, BenchGramian.self, BenchStep.self, BenchAggregate.self,
        ])
}

/// The options that all measurements of operations share.
struct BenchOptions: ParsableArguments {
    @Option(help: ArgumentHelp("What to measure: \(Devices.requests).", valueName: "device"))
    var device = "auto"

    @Flag(help: "Print one JSON object per case.")
    var json = false
}

/// The option of measurements with many cases.
struct BenchFilter: ParsableArguments {
    @Option(help: ArgumentHelp("Measure only the cases whose operation or shape contains this text.", valueName: "text"))
    var only: String?

    func callAsFunction(_ cases: [BenchCase]) throws -> [BenchCase] {
        guard let only else { return cases }
        let found = cases.filter { "\($0.operation) \($0.shape)".contains(only) }
        if found.isEmpty {
            let known = cases.map(\.operation).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
            throw ValidationError("No case contains \"\(only)\". Operations: \(known.joined(separator: ", ")).")
        }
        return found
    }
}
