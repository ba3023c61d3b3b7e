import Checkpoints
import Compute
import Datasets
import Foundation
import MultiTask
import Networks
import Optimizers
import Tensors
import TestDevices
import Testing

@Suite("Trainer")
struct TrainerTests {
    private func trainer(
        _ device: any Device, method: String = "pcgrad", epochs: Int = 3, folder: RunFolder? = nil,
        interval: Int? = nil, learningRate: Float = 0.01
    ) throws -> (trainer: Trainer, fixture: Fixture) {
        let fixture = try Fixture(device, method: method)
        let trainer = try Trainer(
            fixture.step, training: Fixture.dataset(), validation: Fixture.dataset(samples: 13),
            settings: TrainingSettings(
                epochs: epochs, batchSize: 8, seed: 5, schedule: .constant(rate: Double(learningRate)), checkpointInterval: interval),
            folder: folder)
        return (trainer, fixture)
    }

    private func temporaryFolder() throws -> RunFolder {
        try RunFolder(NSTemporaryDirectory() + "concord-\(UUID().uuidString)")
    }

    private func weights(of fixture: Fixture) throws -> [Float] {
        try fixture.arena.values.floats() + fixture.arena.statistics.floats()
    }

    /// The losses of all steps and what the epochs reported, without times.
    private final class Recorder {
        var losses: [[String: Double]] = []
        var epochs: [[String: [String: Double]]] = []
        func record(_ event: TrainingEvent) {
            switch event {
            case .step(let report): losses.append(report.losses)
            case .epoch(let report): epochs.append(report.train.merging(report.valid) { $0.merging($1) { _, new in new } })
            case .started, .checkpoint, .interrupted, .end: break
            }
        }
    }

    @Test("the best epoch by the validation samples is measured on the test samples once", arguments: TestDevice.available)
    func test(device: TestDevice) throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        let settings = TrainingSettings(epochs: 4, batchSize: 8, seed: 5, schedule: .constant(rate: 0.01))
        let test = try Fixture.dataset(samples: 29)

        let plain = try Fixture(try device.make())
        let reference = try Trainer(
            plain.step, training: Fixture.dataset(), validation: Fixture.dataset(samples: 13), settings: settings
        ).run()
        #expect(reference?.test.isEmpty == true)

        let fixture = try Fixture(try device.make())
        let summary = try #require(
            try Trainer(
                fixture.step, training: Fixture.dataset(), validation: Fixture.dataset(samples: 13), test: test,
                settings: settings, folder: folder
            ).run())
        #expect(summary.best == reference?.best)
        // The test leaves the parameters of the last epoch where they are.
        #expect(try weights(of: fixture) == weights(of: plain))
        try NetworkCheckpoint.read(folder.model, into: fixture.arena)
        let expected = try Evaluation(network: fixture.network, tasks: Fixture.tasks, arena: fixture.arena)(
            BatchLoader(test, batchSize: 256, order: .sequential))
        #expect(summary.test == expected)
        #expect(summary.test != summary.best)
    }

    @Test("two runs on one device are bit-identical", arguments: TestDevice.available, ["ew", "pcgrad"])
    func repeats(device: TestDevice, method: String) throws {
        var results: [([[String: Double]], [Float])] = []
        for _ in 0..<2 {
            let (trainer, fixture) = try trainer(try device.make(), method: method)
            let recorder = Recorder()
            try trainer.run(observer: recorder.record)
            #expect(recorder.losses.count == 3 * 7)
            results.append((recorder.losses, try weights(of: fixture)))
        }
        #expect(results[0].0 == results[1].0)
        #expect(results[0].1 == results[1].1)
    }

    @Test("losses fall", arguments: TestDevice.available, ["ew", "pcgrad"])
    func learns(device: TestDevice, method: String) throws {
        let (trainer, _) = try trainer(try device.make(), method: method, epochs: 30)
        let recorder = Recorder()
        try trainer.run(observer: recorder.record)
        let first = try #require(recorder.epochs.first)
        let last = try #require(recorder.epochs.last)
        for task in Fixture.tasks.map(\.name) {
            let before = try #require(first[task]?["loss"])
            let after = try #require(last[task]?["loss"])
            #expect(after < 0.8 * before, "\(task)")
        }
    }

    @Test("a run that is interrupted at any step and resumed equals an uninterrupted one", arguments: [1, 3, 7, 8, 13, 20])
    func resumesAfterInterrupt(stopAfter: Int) throws {
        let uninterrupted = Recorder()
        let (reference, expected) = try trainer(try TestDevice.cpu.make())
        try reference.run(observer: uninterrupted.record)

        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        let recorder = Recorder()
        let (first, _) = try trainer(try TestDevice.cpu.make(), folder: folder)
        #expect(try first.run(observer: recorder.record, shouldStop: { recorder.losses.count == stopAfter }) == nil)
        let (second, found) = try trainer(try TestDevice.cpu.make(), folder: folder)
        try second.resume(from: folder)
        #expect(second.completedSteps == stopAfter)
        #expect(try second.run(observer: recorder.record) != nil)

        #expect(recorder.losses == uninterrupted.losses)
        #expect(recorder.epochs == uninterrupted.epochs)
        #expect(try weights(of: found) == (try weights(of: expected)))
    }

    @Test("a run that dies between checkpoints and is resumed equals an uninterrupted one", arguments: TestDevice.available)
    func resumesAfterCrash(device: TestDevice) throws {
        struct Crash: Error {}
        let uninterrupted = Recorder()
        let (reference, expected) = try trainer(try device.make())
        try reference.run(observer: uninterrupted.record)

        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        let (first, _) = try trainer(try device.make(), folder: folder, interval: 3)
        #expect(throws: Crash.self) {
            try first.run { event in
                if case .step(let report) = event, report.step == 11 { throw Crash() }
            }
        }
        let (second, found) = try trainer(try device.make(), folder: folder, interval: 3)
        try second.resume(from: folder)
        #expect(second.completedSteps == 9)
        let recorder = Recorder()
        try second.run(observer: recorder.record)
        #expect(recorder.losses == Array(uninterrupted.losses[9...]))
        #expect(recorder.epochs == Array(uninterrupted.epochs[1...]))
        #expect(try weights(of: found) == (try weights(of: expected)))
    }

    @Test("the first losses agree between the devices to 1e-3", .enabled(if: TestDevice.available.count > 1))
    func devicesAgree() throws {
        let recorders = try TestDevice.available.map { device in
            let recorder = Recorder()
            try trainer(try device.make(), epochs: 8).trainer.run(observer: recorder.record)
            return recorder
        }
        for (first, second) in zip(recorders[0].losses, recorders[1].losses) {
            for (task, loss) in first {
                let other = try #require(second[task])
                #expect(abs(loss - other) <= 1e-3 * abs(loss), "\(task)")
            }
        }
    }

    @Test("a loss that is not finite stops the run before anything changes", arguments: ["ew", "pcgrad"])
    func stopsAtNotFinite(method: String) throws {
        let (_, fixture) = try trainer(try TestDevice.cpu.make(), method: method)
        let before = try fixture.arena.values.floats()
        let batch = Batch(
            inputs: HostTensor([Float](repeating: .infinity, count: 12), shape: [2, 6]),
            targets: [
                "color": HostTensor([Int32(0), 1], shape: [2]),
                "size": HostTensor([Float](repeating: 0, count: 4), shape: [2, 2]),
                "shape": HostTensor([Int32(0), 1], shape: [2]),
            ])
        do {
            let device = try DeviceBatch(batch, tasks: Fixture.tasks, on: fixture.arena.device)
            _ = try fixture.step(device, step: 17, learningRate: 0.01)
            Issue.record("the step has succeeded")
        } catch let error as TrainingError {
            guard case .notFinite("loss", "color", 17, _) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(error.description.contains("step 17") && error.description.contains("\"color\""))
        }
        #expect(try fixture.arena.values.floats() == before)
    }

    @Test("a task without targets takes no part, and its head stays as it is", arguments: TestDevice.available)
    func absentTask(device: TestDevice) throws {
        let fixture = try Fixture(try device.make())
        let before = try fixture.arena.values.floats()
        var batch = try Fixture.dataset().batch(of: Array(0..<8))
        batch.targets["size"] = nil
        let outcome = try fixture.step(
            try DeviceBatch(batch, tasks: Fixture.tasks, on: fixture.arena.device), step: 1, learningRate: 0.01)
        #expect(outcome.losses[1] == nil && outcome.weights[1] == nil)
        #expect(outcome.losses[0] != nil && outcome.gramian?.size == 2)
        let after = try fixture.arena.values.floats()
        for segment in fixture.arena.segments {
            let range = segment.offset..<segment.offset + segment.shape.count
            #expect((before[range] == after[range]) == (segment.group == "heads.size"), "\(segment.name)")
        }
    }

    @Test("settings that make no sense are refused")
    func refusesSettings() throws {
        let fixture = try Fixture(try TestDevice.cpu.make())
        let data = try Fixture.dataset()
        func make(epochs: Int = 1, batchSize: Int = 8, step: TrainingStep) throws {
            _ = try Trainer(
                step, training: data,
                settings: TrainingSettings(epochs: epochs, batchSize: batchSize, seed: 0, schedule: .constant(rate: 0.1)))
        }
        #expect(throws: TrainingError.self) { try make(epochs: 0, step: fixture.step) }
        #expect(throws: DatasetError.self) { try make(batchSize: 0, step: fixture.step) }
        let empty = try Fixture(try TestDevice.cpu.make(), tasks: [])
        #expect(throws: TrainingError.noTasks) { try make(step: empty.step) }
        let other = try Fixture(try TestDevice.cpu.make(), tasks: [LearningTask("weight", loss: .squaredError)])
        #expect(throws: TrainingError.missingTargets(task: ["weight"], known: ["color", "size", "shape"])) {
            try make(step: other.step)
        }
        let mismatch = try Fixture(try TestDevice.cpu.make(), tasks: [LearningTask("color", loss: .squaredError)])
        #expect(throws: TrainingError.self) { try make(step: mismatch.step) }
    }

    @Test("a training state of another run is refused")
    func refusesOtherRun() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        try trainer(try TestDevice.cpu.make(), epochs: 1, folder: folder).trainer.run()
        let (other, fixture) = try trainer(try TestDevice.cpu.make(), method: "ew", epochs: 1, folder: folder)
        let before = try fixture.arena.values.floats()
        #expect(throws: TrainingError.self) { try other.resume(from: folder) }
        #expect(try fixture.arena.values.floats() == before)
    }

    @Test("the output folder must be writable")
    func refusesFolder() throws {
        let file = NSTemporaryDirectory() + "concord-\(UUID().uuidString)"
        #expect(FileManager.default.createFile(atPath: file, contents: nil))
        defer { try? FileManager.default.removeItem(atPath: file) }
        #expect(throws: TrainingError.self) { try RunFolder(file + "/run") }
    }

    @Test("a steady step takes all of its memory from the pool", arguments: TestDevice.available, ["ew", "pcgrad"])
    func allocatesNothing(device: TestDevice, method: String) throws {
        let fixture = try Fixture(try device.make(), method: method)
        let device = fixture.arena.device
        let batch = try DeviceBatch(
            try Fixture.dataset().batch(of: Array(0..<16)), tasks: Fixture.tasks, on: device)
        for step in 1...3 { _ = try fixture.step(batch, step: step, learningRate: 0.01) }
        let before = device.pool.statistics
        for step in 4...13 { _ = try fixture.step(batch, step: step, learningRate: 0.01) }
        let after = device.pool.statistics
        #expect(after.allocations == before.allocations)
        #expect(after.reuses > before.reuses)
        #expect(after.liveBytes == before.liveBytes)
    }

    @Test("parameters that are not finite are not saved over a good checkpoint")
    func keepsGoodCheckpoint() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        let (trainer, fixture) = try trainer(try TestDevice.cpu.make(), method: "ew", epochs: 2, folder: folder)
        let error = #expect(throws: TrainingError.self) {
            try trainer.run { event in
                // What a step whose gradient overflows leaves behind, at the end of the second epoch.
                guard case .step(let report) = event, report.step == 14 else { return }
                let values = [Float](repeating: .infinity, count: fixture.arena.count)
                let poison = try Tensor(values, shape: [values.count], on: fixture.arena.device)
                try fixture.arena.device.encode(
                    .stridedCopy(
                        StridedCopy(extents: [values.count], sourceStrides: [1], destinationStrides: [1])),
                    [poison.storage, fixture.arena.values.storage])
            }
        }
        #expect(error == .parametersNotFinite(step: 14))
        let (second, _) = try self.trainer(try TestDevice.cpu.make(), method: "ew", epochs: 2, folder: folder)
        try second.resume(from: folder)
        #expect(second.completedSteps == 7)
    }
}
