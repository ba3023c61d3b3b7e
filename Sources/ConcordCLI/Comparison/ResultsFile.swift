import Concord
import Foundation

/// A finished run of a comparison: a line of `results.jsonl`.
struct ComparisonResult: Codable {
    let variant: String
    let seed: UInt64
    /// The run's folder within that of the comparison.
    let folder: String
    let epochs: Int
    let steps: Int
    let seconds: Double
    /// The epoch whose parameters were measured.
    let measuredEpoch: Int
    let metrics: TaskMetrics
}

/// The finished runs of a comparison, an object a line. After every run the file is complete.
struct ResultsFile {
    let path: String
    private(set) var results: [ComparisonResult] = []

    /// Reads what is there, if anything is.
    init(_ path: String) throws {
        self.path = path
        guard FileManager.default.fileExists(atPath: path) else { return }
        let text = try String(contentsOfFile: path, encoding: .utf8)
        for (index, line) in text.split(separator: "\n").enumerated() {
            guard let result = try? JSONDecoder().decode(ComparisonResult.self, from: Data(line.utf8)) else {
                throw CommandError("\(path): line \(index + 1): not the result of a run")
            }
            results.append(result)
        }
    }

    func result(of variant: String, seed: UInt64) -> ComparisonResult? {
        results.first { $0.variant == variant && $0.seed == seed }
    }

    /// Adds a result in place of an earlier one of the same variant and seed.
    mutating func add(_ result: ComparisonResult) throws {
        results.removeAll { $0.variant == result.variant && $0.seed == result.seed }
        results.append(result)
        try AtomicFile.write(try results.map { try JSONOutput.line($0) + "\n" }.joined(), to: path)
    }
}
