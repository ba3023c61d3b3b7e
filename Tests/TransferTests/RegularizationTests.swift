import Datasets
import Foundation
import MultiTask
import Networks
import Optimizers
import Tensors
import TestDevices
import Testing
import Transfer

@Suite("L2-SP, averages of weights, accumulation")
struct RegularizationTests {
    private func batch(_ samples: Range<Int>, _ fixture: Fixture) throws -> DeviceBatch {
        try DeviceBatch(
            try Fixture.dataset().batch(of: Array(samples)), tasks: Fixture.tasks, on: fixture.arena.device)
    }

    @Test("the penalty's gradient is α·(w - w⁰), and β·v for new parameters", arguments: TestDevice.available)
    func penalty(device: TestDevice) throws {
        let fixture = try Fixture(try device.make())
        let new = Set(fixture.groups.groups[2].parameters)
        let start = try fixture.arena.values.floats()
        let penalty = try StartingPointPenalty(of: fixture.arena, alpha: 0.5, beta: 0.125, new: new)
        let moved = start.enumerated().map { $1 == 0 ? 0 : $1 + Float($0 % 7) * 0.25 }
        try fixture.arena.values.overwriteForTest(with: moved)
        let gradients = try Tensor.filled(with: 1, [fixture.arena.count], on: fixture.arena.device)
        try penalty.add(to: gradients)
        let found = try gradients.floats()
        for (number, segment) in fixture.arena.segments.enumerated() {
            for element in segment.offset..<segment.offset + segment.shape.count {
                let (w, w0) = (Double(moved[element]), Double(start[element]))
                let expected = 1 + (new.contains(number) ? 0.125 * w : 0.5 * (w - w0))
                #expect(abs(Double(found[element]) - expected) < 1e-6, "\(segment.name)")
            }
        }
    }

    @Test("a strong penalty holds the trunk, and leaves the Gramian alone", arguments: ["ew", "pcgrad"])
    func holds(method: String) throws {
        func distance(alpha: Float) throws -> (Float, [Double]?) {
            let fixture = try Fixture(TestDevice.cpu.make(), method: method, rule: SGD(), norm: false)
            let start = try fixture.trunk()
            fixture.step.penalty = try StartingPointPenalty(
                of: fixture.arena, alpha: alpha, beta: 0, new: Set(fixture.groups.groups[2].parameters))
            var gramian: [Double]?
            for step in 1...40 {
                let outcome = try fixture.step(try batch(0..<16, fixture), step: step, learningRate: 0.05)
                gramian = gramian ?? outcome.gramian?.values
            }
            return (zip(try fixture.trunk(), start).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }, gramian)
        }
        let (free, held) = (try distance(alpha: 0), try distance(alpha: 10))
        #expect(held.0 < 0.05 * free.0)
        #expect(held.1 == free.1)
    }

    @Test("the average follows its recursion, and what stands still keeps its bits", arguments: TestDevice.available)
    func average(device: TestDevice) throws {
        let fixture = try Fixture(try device.make())
        fixture.arena.freeze(prefixes: ["trunk.0", "trunk.1"])
        let average = try WeightAverage(of: fixture.arena, decay: 0.75)
        fixture.step.average = average
        let start = try fixture.arena.values.floats()
        var expected = start.map(Double.init)
        for step in 1...5 {
            _ = try fixture.step(try batch(0..<16, fixture), step: step, learningRate: 0.05)
            let values = try fixture.arena.values.floats()
            expected = zip(expected, values).map { 0.75 * $0 + 0.25 * Double($1) }
        }
        let found = try average.values.floats()
        expectClose(found, expected.map(Float.init), tolerance: 1e-6)
        for (number, segment) in fixture.arena.segments.enumerated() where fixture.arena.isFrozen(at: number) {
            let elements = segment.offset..<segment.offset + segment.shape.count
            #expect(elements.allSatisfy { found[$0] == start[$0] }, "\(segment.name)")
        }
        let values = try fixture.arena.values.floats()
        #expect(try average { try fixture.arena.values.floats() } == found)
        #expect(try fixture.arena.values.floats() == values)
    }

    @Test("a run with an average is measured with it and saves it")
    func averagedRun() throws {
        let fixture = try Fixture(TestDevice.cpu.make())
        let average = try WeightAverage(of: fixture.arena, decay: 0.9)
        fixture.step.average = average
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        let validation = try Fixture.dataset(samples: 20)
        let summary = try #require(
            try Trainer(
                fixture.step, training: Fixture.dataset(), validation: validation,
                settings: TrainingSettings(epochs: 1, batchSize: 8, seed: 5, schedule: .constant(rate: 0.05)),
                folder: folder
            ).run())
        let averaged = try average.values.floats()
        let current = try fixture.arena.values.floats()
        #expect(averaged != current)
        let evaluation = Evaluation(network: fixture.network, tasks: Fixture.tasks, arena: fixture.arena)
        let loader = try BatchLoader(validation, batchSize: 256, order: .sequential)
        #expect(summary.best != (try evaluation(loader)))
        try folder.readModel(into: fixture.arena)
        #expect(try fixture.arena.values.floats() == averaged)
        #expect(summary.best == (try evaluation(loader)))
    }

    @Test("accumulated batches step as one batch, an uneven last one too", arguments: ["ew", "pcgrad", "mgda"])
    func accumulation(method: String) throws {
        // 40 samples: one batch of 40, or 16 + 16 + 8 in one step.
        func weights(batchSize: Int, accumulation: Int) throws -> (values: [Float], losses: [[String: Double]]) {
            let fixture = try Fixture(TestDevice.cpu.make(), method: method, rule: SGD(momentum: 0.9), norm: false)
            var losses: [[String: Double]] = []
            try Trainer(
                fixture.step, training: Fixture.dataset(),
                settings: TrainingSettings(
                    epochs: 3, batchSize: batchSize, seed: 5, schedule: .constant(rate: 0.1),
                    accumulation: accumulation)
            ).run { event in
                if case .step(let report) = event { losses.append(report.losses) }
            }
            return (try fixture.arena.values.floats(), losses)
        }
        let (whole, parts) = (
            try weights(batchSize: 40, accumulation: 1), try weights(batchSize: 16, accumulation: 4)
        )
        #expect(parts.losses.count == 3)
        for (whole, parts) in zip(whole.losses, parts.losses) {
            for (task, loss) in whole { #expect(abs(loss - (parts[task] ?? 0)) < 1e-5 * max(1, loss), "\(task)") }
        }
        expectClose(parts.values, whole.values, tolerance: 1e-4)
    }

    @Test("steps of an epoch hold so many batches, the last one the rest")
    func accumulatedSteps() throws {
        let fixture = try Fixture(TestDevice.cpu.make())
        var samples: [Int] = []
        try Trainer(
            fixture.step, training: Fixture.dataset(),
            settings: TrainingSettings(
                epochs: 2, batchSize: 7, seed: 5, schedule: .constant(rate: 0.01), accumulation: 2)
        ).run { event in
            if case .step(let report) = event { samples.append(report.samples) }
        }
        #expect(samples == [14, 14, 12, 14, 14, 12])
    }
}
