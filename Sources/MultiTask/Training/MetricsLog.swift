import Checkpoints
import Foundation

/// Writes what happens in a run to a file, one JSON object a line.
public final class MetricsLog {
    private struct StepLine: Encodable {
        let event = "step"
        let step: Int
        let epoch: Int
        let learningRate: Float
        let train: [String: [String: Double]]
        let skipped: String?
    }

    private struct EpochLine: Encodable {
        let event = "epoch"
        let epoch: Int
        let step: Int
        let seconds: Double
        let train: [String: [String: Double]]
        let valid: [String: [String: Double]]
        let balance: Balance?
        let schedule: EpochSchedule
        /// Nil where there are none.
        let skippedSteps: Int?
    }

    private struct EndLine: Encodable {
        let event = "end"
        let epochs: Int
        let steps: Int
        let seconds: Double
        let bestEpoch: Int
        let best: [String: [String: Double]]
        let test: [String: [String: Double]]?
    }

    private let handle: FileHandle
    private let path: String
    private let interval: Int
    private let encoder = JSONEncoder()

    /// Opens the log of a run.
    ///
    /// - Parameters:
    ///   - interval: every how many steps a line is written; 1 writes all.
    ///   - step: lines of later steps are dropped: a resumed run writes them again. 0 starts a new file.
    public init(path: String, interval: Int = 1, keepingUpTo step: Int) throws {
        self.path = path
        self.interval = max(interval, 1)
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(MetricsLog.lines(of: path, upTo: step).map { $0 + "\n" }.joined(), to: path)
        guard let handle = FileHandle(forWritingAtPath: path) else {
            throw TrainingError.unusableOutput(path: path, reason: "the file cannot be opened")
        }
        self.handle = handle
        try handle.seekToEnd()
    }

    private struct Position: Decodable {
        let event: String
        let step: Int?
    }

    private static func lines(of path: String, upTo step: Int) -> [String] {
        guard step > 0, let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
        let decoder = JSONDecoder()
        return text.split(separator: "\n").map(String.init).filter { line in
            // A line that was cut off by the end of the process does not decode.
            guard let position = try? decoder.decode(Position.self, from: Data(line.utf8)) else { return false }
            return position.event != "end" && (position.step ?? .max) <= step
        }
    }

    /// Writes the line of an event, if it has one.
    public func record(_ event: TrainingEvent) throws {
        switch event {
        case .step(let report):
            if report.step % interval == 0 || report.skipped != nil {
                try write(
                    StepLine(
                        step: report.step, epoch: report.epoch, learningRate: report.learningRate,
                        train: report.losses.mapValues { ["loss": $0] }, skipped: report.skipped))
            }
        case .epoch(let report):
            try write(
                EpochLine(
                    epoch: report.epoch, step: report.step, seconds: report.seconds, train: report.train,
                    valid: report.valid, balance: report.balance, schedule: report.schedule,
                    skippedSteps: report.skippedSteps > 0 ? report.skippedSteps : nil))
        case .end(let summary):
            try write(
                EndLine(
                    epochs: summary.epochs, steps: summary.steps, seconds: summary.seconds,
                    bestEpoch: summary.bestEpoch, best: summary.best,
                    test: summary.test.isEmpty ? nil : summary.test))
        case .started, .checkpoint, .interrupted: break
        }
    }

    private func write(_ line: some Encodable) throws {
        try handle.write(contentsOf: try encoder.encode(line) + Data("\n".utf8))
    }
}
