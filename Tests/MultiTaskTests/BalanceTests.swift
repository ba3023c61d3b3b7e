import Datasets
import Foundation
import MultiTask
import TestDevices
import Testing

@Suite("Balance of an epoch")
struct BalanceTests {
    private let settings = TrainingSettings(epochs: 1, batchSize: 8, seed: 5, schedule: .constant(rate: 0.01))

    @Test("is the mean of the steps' norms, cosines, conflicts and weights", arguments: ["pcgrad", "graddrop"])
    func means(method: String) throws {
        // The same steps, once in a run and once by hand.
        let run = try Fixture(try TestDevice.cpu.make(), method: method)
        var report: EpochReport?
        try Trainer(run.step, training: Fixture.dataset(), settings: settings).run { event in
            if case .epoch(let epoch) = event { report = epoch }
        }
        let balance = try #require(report?.balance)
        let fixture = try Fixture(try TestDevice.cpu.make(), method: method)
        let batches = try BatchLoader(Fixture.dataset(), batchSize: 8, order: .shuffled(seed: 5)).epoch(0)
        var gramians: [SquareMatrix] = []
        var weights: [[Double?]] = []
        while let batch = try batches.next() {
            let outcome = try fixture.step(
                try DeviceBatch(batch, tasks: Fixture.tasks, on: fixture.arena.device), step: gramians.count + 1,
                learningRate: 0.01)
            gramians.append(try #require(outcome.gramian))
            weights.append(outcome.weights)
        }
        #expect(gramians.count == 7)
        func mean(_ value: (SquareMatrix) -> Double) -> Double { gramians.reduce(0) { $0 + value($1) } / 7 }

        #expect(balance.tasks == ["color", "size", "shape"])
        for task in 0..<3 {
            let norm = try #require(balance.gradientNorms[task])
            #expect(abs(norm - mean { $0[task, task].squareRoot() }) <= 1e-12 * norm)
            #expect(norm > 0)
            for other in 0..<3 where other != task {
                let cosine = mean { $0[task, other] / ($0[task, task] * $0[other, other]).squareRoot() }
                #expect(abs(try #require(balance.cosine[task][other]) - cosine) <= 1e-12)
            }
            let taskWeights = weights.compactMap { $0[task] }
            if method == "pcgrad" {
                #expect(abs(try #require(balance.weights[task]) - taskWeights.reduce(0, +) / 7) <= 1e-12)
            } else {
                #expect(balance.weights[task] == nil)
            }
        }
        #expect(abs(balance.conflictRate - mean(\.conflictRate)) <= 1e-12)
    }

    @Test("stands in the log, which is read back")
    func log() throws {
        let path = NSTemporaryDirectory() + "concord-\(UUID().uuidString).jsonl"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let fixture = try Fixture(try TestDevice.cpu.make())
        let log = try MetricsLog(path: path, keepingUpTo: 0)
        var report: EpochReport?
        var rates: [Double] = []
        try Trainer(fixture.step, training: Fixture.dataset(), settings: settings).run { event in
            try log.record(event)
            if case .epoch(let epoch) = event { report = epoch }
            if case .step(let step) = event { rates.append(step.conflictRate ?? -1) }
        }
        let epochs = try MetricsLog.epochs(of: path)
        #expect(epochs.count == 1)
        #expect(epochs.first?.balance == report?.balance)
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
        #expect(lines.compactMap { $0["event"] as? String } == Array(repeating: "step", count: 7) + ["epoch", "end"])
        #expect(lines.compactMap { $0["conflictRate"] as? Double } == rates)
        #expect(rates.allSatisfy { (0...1).contains($0) })
    }
}
