import Foundation
import MultiTask
import Networks
import Optimizers
import TestDevices
import Testing
import Transfer

@Suite("Finding a learning rate")
struct LearningRateFinderTests {
    @Test("suggestions are fastai's")
    func suggestions() throws {
        for recorded in try Recorded.load().suggestions {
            let finder = LearningRateFinder(steps: recorded.losses.count)
            let points = recorded.losses.enumerated().map { step, loss in
                LearningRateCurve.Point(rate: finder.rate(at: step), loss: loss, smoothedLoss: loss)
            }
            let curve = try LearningRateCurve(points: points, steps: points.count)
            for (found, expected) in [
                (curve.steepest, recorded.steepest), (curve.valley, recorded.valley), (curve.minimum, recorded.minimum),
            ] { #expect(abs(found - expected) < 1e-5 * expected, "\(found) against \(expected)") }
        }
        let points = (0..<16).map { LearningRateCurve.Point(rate: Double($0 + 1), loss: 1, smoothedLoss: 1) }
        #expect(throws: TransferError.noCurve(points: 16)) { try LearningRateCurve(points: points, steps: 100) }
    }

    @Test("a sweep leaves everything as it was, bit for bit", arguments: TestDevice.available, ["pcgrad", "famo", "moco"])
    func restores(device: TestDevice, method: String) throws {
        let source = TrainingSource(training: try Fixture.dataset(), tasks: ["kind", "size"])
        func losses(sweeping: Bool) throws -> ([Float?], [Float], [Float]) {
            let fixture = try Fixture(try device.make(), method: method)
            fixture.step.average = try WeightAverage(of: fixture.arena, decay: 0.9)
            let batch = try DeviceBatch(
                try Fixture.dataset().batch(of: Array(0..<16)), tasks: Fixture.tasks, on: fixture.arena.device)
            var seen: [Float?] = []
            for step in 1...3 { seen += try fixture.step(batch, step: step, learningRate: 0.01).losses }
            if sweeping {
                let phase = try fixture.run(.fineTune(), epochs: 2)[0]
                let curve = try LearningRateFinder(lowest: 1e-4, highest: 1, steps: 30)(
                    fixture.step, sources: [source], phase: phase, batchSize: 8, seed: 3)
                #expect(curve.points.count > 10)
                #expect(fixture.arena.frozen.isEmpty)
            }
            for step in 4...6 { seen += try fixture.step(batch, step: step, learningRate: 0.01).losses }
            return (seen, try fixture.everything(), try #require(try fixture.step.average?.values.floats()))
        }
        let (swept, plain) = (try losses(sweeping: true), try losses(sweeping: false))
        #expect(swept.0 == plain.0)
        #expect(swept.1 == plain.1)
        #expect(swept.2 == plain.2)
    }

    @Test("a sweep ends where the loss grows out of hand, and its rates grow by equal factors")
    func sweep() throws {
        let fixture = try Fixture(TestDevice.cpu.make(), rule: SGD(), norm: false)
        let curve = try LearningRateFinder(lowest: 1e-4, highest: 1e6, steps: 100)(
            fixture.step, sources: [TrainingSource(training: try Fixture.dataset(), tasks: ["kind", "size"])],
            batchSize: 8, seed: 3)
        #expect(curve.points.count < 100)
        for (step, point) in curve.points.enumerated() {
            #expect(abs(log10(point.rate) - (-4 + Double(step) / 10)) < 1e-9)
        }
        // The smoothed loss by its definition.
        var (mean, step) = (0.0, 0.0)
        for point in curve.points {
            step += 1
            mean = 0.98 * mean + 0.02 * point.loss
            #expect(abs(point.smoothedLoss - mean / (1 - pow(0.98, step))) < 1e-9 * point.smoothedLoss)
        }
        for rate in [curve.steepest, curve.valley] { #expect(rate > 1e-4 && rate < 100) }
    }
}
