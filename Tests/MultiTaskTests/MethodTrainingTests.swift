import Compute
import Foundation
import MultiTask
import Optimizers
import TestDevices
import Testing

@Suite("Training with every method")
struct MethodTrainingTests {
    private func trainer(
        _ device: any Device, _ method: String, _ parameters: [String: String] = [:], folder: RunFolder? = nil
    ) throws -> (trainer: Trainer, fixture: Fixture) {
        let fixture = try Fixture(device, method: method, parameters: parameters)
        let trainer = try Trainer(
            fixture.step, training: Fixture.dataset(samples: 24),
            settings: TrainingSettings(epochs: 2, batchSize: 8, seed: 5, schedule: .constant(rate: 0.01)),
            folder: folder)
        return (trainer, fixture)
    }

    @Test("a few steps stay finite and change the parameters", arguments: TestDevice.available, Method.names)
    func trains(device: TestDevice, method: String) throws {
        let (trainer, fixture) = try trainer(try device.make(), method, method == "stch" ? ["warmUp": "1"] : [:])
        let before = try fixture.arena.values.floats()
        try trainer.run()
        let after = try fixture.arena.values.floats()
        #expect(after.allSatisfy(\.isFinite) && after != before)
    }

    @Test(
        "a run that is interrupted and resumed equals an uninterrupted one",
        arguments: [
            "rlw", "uw", "dwa", "stch", "imtl-l", "famo", "gradnorm", "gradvac", "pcd", "graddrop", "moco", "db-mtl",
            "excess-mtl", "sdmgrad", "modo", "cagrad",
        ])
    func resumes(method: String) throws {
        let parameters = method == "cagrad" ? ["weightMomentum": "0.9"] : method == "stch" ? ["warmUp": "1"] : [:]
        let (reference, expected) = try trainer(try TestDevice.cpu.make(), method, parameters)
        try reference.run()
        let folder = try RunFolder(NSTemporaryDirectory() + "concord-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        var steps = 0
        let (first, _) = try trainer(try TestDevice.cpu.make(), method, parameters, folder: folder)
        _ = try first.run(
            observer: { if case .step = $0 { steps += 1 } }, shouldStop: { steps == 4 })
        let (second, found) = try trainer(try TestDevice.cpu.make(), method, parameters, folder: folder)
        try second.resume(from: folder)
        #expect(second.completedSteps == 4)
        try second.run()
        #expect(try found.arena.values.floats() == (try expected.arena.values.floats()))
    }

    @Test("a second forward pass does not move running statistics", arguments: TestDevice.available)
    func statistics(device: TestDevice) throws {
        let device = try device.make()
        func statistics(after method: String) throws -> [Float] {
            let fixture = try ArchitectureFixture(.hardSharing, over: .smooth, on: device)
            let step = try TrainingStep(
                network: fixture.network, tasks: fixture.tasks, arena: fixture.arena,
                optimizer: try Optimizer(Adam(), for: fixture.arena), method: try Method(named: method, seed: 0))
            _ = try step(fixture.batch, step: 1, learningRate: 0.01)
            return try fixture.arena.statistics.floats()
        }
        #expect(try statistics(after: "famo") == statistics(after: "ew"))
    }

    @Test("weighted heads get their gradient times the task's weight", arguments: TestDevice.available)
    func weightedHeads(device: TestDevice) throws {
        // One step of gradient descent without momentum is the gradient itself.
        func heads(_ parameters: [String: String]) throws -> (change: [String: [Float]], weights: [Double?]) {
            let fixture = try Fixture(try device.make(), method: "mgda", parameters: parameters, gradientDescent: true)
            let before = try fixture.arena.values.floats()
            let batch = try DeviceBatch(
                try Fixture.dataset().batch(of: Array(0..<8)), tasks: Fixture.tasks, on: fixture.arena.device)
            let outcome = try fixture.step(batch, step: 1, learningRate: 1)
            let after = try fixture.arena.values.floats()
            var change: [String: [Float]] = [:]
            for segment in fixture.arena.segments where segment.group != "trunk" {
                let range = segment.offset..<segment.offset + segment.shape.count
                change[segment.name] = zip(after[range], before[range]).map(-)
            }
            return (change, outcome.weights)
        }
        let (own, weights) = try heads([:])
        let (weighted, _) = try heads(["weightHeads": "true"])
        for (index, task) in Fixture.tasks.enumerated() {
            let weight = Float(try #require(weights[index]))
            for (name, change) in own where name.hasPrefix("heads.\(task.name)") {
                for (own, weighted) in zip(change, try #require(weighted[name])) {
                    #expect(abs(weighted - weight * own) <= 1e-6)
                }
            }
        }
    }
}
