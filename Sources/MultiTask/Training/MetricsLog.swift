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
        let conflictRate: Double?
        let skipped: String?
    }

    private struct EpochLine: Encodable {
        let event = "epoch"
        let content: LoggedEpoch

        private enum Key: CodingKey { case event }

        func encode(to encoder: any Encoder) throws {
            try content.encode(to: encoder)
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(event, forKey: .event)
        }
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
                        train: report.losses.mapValues { ["loss": $0] }, conflictRate: report.conflictRate,
                        skipped: report.skipped))
            }
        case .epoch(let report):
            try write(
                EpochLine(
                    content: LoggedEpoch(
                        epoch: report.epoch, step: report.step, phase: report.phase, seconds: report.seconds,
                        train: report.train,
                        valid: report.valid, balance: report.balance, schedule: report.schedule,
                        skippedSteps: report.skippedSteps > 0 ? report.skippedSteps : nil)))
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

    /// The epochs in a log.
    ///
    /// What follows the last line break is left out: it is being written, or was cut off by the end of the process.
    ///
    /// - Throws: ``MetricsLogError``
    public static func epochs(of path: String) throws(MetricsLogError) -> [LoggedEpoch] {
        guard FileManager.default.fileExists(atPath: path) else { throw .missingFile(path: path) }
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw .badLine(path: path, line: 1, problem: "not a text in UTF-8")
        }
        let decoder = JSONDecoder()
        var epochs: [LoggedEpoch] = []
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        for (index, line) in lines.enumerated() {
            let data = Data(line.utf8)
            do {
                guard try decoder.decode(Position.self, from: data).event == "epoch" else { continue }
                let epoch = try decoder.decode(LoggedEpoch.self, from: data)
                if let balance = epoch.balance, !balance.isConsistent {
                    throw MetricsLogError.badLine(
                        path: path, line: index + 1,
                        problem: "the numbers of the balance do not fit its \(balance.tasks.count) tasks")
                }
                epochs.append(epoch)
            } catch let error as MetricsLogError {
                throw error
            } catch DecodingError.keyNotFound(let key, _) {
                throw .badLine(path: path, line: index + 1, problem: "\"\(key.stringValue)\" is missing")
            } catch {
                throw .badLine(path: path, line: index + 1, problem: "not an object as a metrics log has it")
            }
        }
        return epochs
    }
}

/// What a metrics log says about an epoch.
public struct LoggedEpoch: Hashable, Sendable, Codable {
    public let epoch: Int
    public let step: Int
    /// Nil for runs without a recipe.
    public let phase: String?
    public let seconds: Double
    public let train: [String: [String: Double]]
    public let valid: [String: [String: Double]]
    /// Nil for methods that never look at gradients.
    public let balance: Balance?
    /// Nil in logs of runs without one.
    public let schedule: EpochSchedule?
    /// Nil where there are none.
    public let skippedSteps: Int?
}

extension Balance {
    /// Whether there is a number for every task and pair.
    fileprivate var isConsistent: Bool {
        weights.count == tasks.count && gradientNorms.count == tasks.count && cosine.count == tasks.count
            && cosine.allSatisfy { $0.count == tasks.count }
    }
}

/// Why a metrics log cannot be read.
public enum MetricsLogError: Error, Hashable, Sendable {
    case missingFile(path: String)
    /// Lines are counted from 1.
    case badLine(path: String, line: Int, problem: String)
}

extension MetricsLogError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missingFile(let path): "\(path): no such file; it is written by a training run"
        case .badLine(let path, let line, let problem): "\(path): line \(line): \(problem)"
        }
    }
}
