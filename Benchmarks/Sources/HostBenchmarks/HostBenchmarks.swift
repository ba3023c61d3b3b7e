// Measures the work of the host around the kernels, which `concord bench` does not see, and prints JSON lines with the
// keys of `concord bench`.
//
//     swift run -c release --package-path Benchmarks HostBenchmarks [TEXT]
//
// With TEXT only the cases whose operation contains it.

import Concord
import Foundation

/// A piece of work on the host.
struct HostBenchmark {
    let operation: String
    /// The sizes, in words.
    let shape: String
    /// How often one run does what is reported.
    var repetitions = 1
    /// What one run reads or writes, if that is of interest.
    var byteCount: Int?
    /// Where the work encodes to; nil for work that needs no device.
    var device: (any Device)?
    /// Whether the device must be done with what was encoded.
    var waits = true
    let work: () throws -> Void
}

/// What a script reads.
private struct Result: Encodable {
    let suite = "host"
    let operation: String
    let shape: String
    /// Median and minimum of one repetition.
    let milliseconds: Double
    let minimum: Double
    let gbps: Double?
}

@main
enum HostBenchmarks {
    static func main() throws {
        let filter = CommandLine.arguments.dropFirst().first
        let folder = FileManager.default.temporaryDirectory.appending(path: "concord-benchmarks-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let groups: [() throws -> [HostBenchmark]] = [
            weightingBenchmarks, tapeBenchmarks, encodingBenchmarks, { try safetensorsBenchmarks(in: folder) },
            randomBenchmarks,
        ]
        for group in groups {
            for benchmark in try group() where filter.map({ benchmark.operation.contains($0) }) ?? true {
                try measure(benchmark)
            }
        }
    }

    private static func measure(_ benchmark: HostBenchmark) throws {
        let timing = try Timing(
            on: benchmark.device ?? CPUDevice(threads: 1), seconds: 0.2, waits: benchmark.waits, work: benchmark.work)
        let scale = 1e3 / Double(benchmark.repetitions)
        let result = Result(
            operation: benchmark.operation, shape: benchmark.shape, milliseconds: timing.median * scale,
            minimum: timing.minimum * scale, gbps: benchmark.byteCount.map { Double($0) / timing.median / 1e9 })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(result), as: UTF8.self))
    }
}
