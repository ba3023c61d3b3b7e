import Compute
import Datasets
import Foundation
import MultiTask
import Networks
import Optimizers
import TestDevices
import Testing
import Transfer

@Suite("Training in phases")
struct PhaseTests {
    private func trainer(
        _ fixture: Fixture, _ recipe: Recipe, epochs: Int, folder: RunFolder? = nil, stopping: RunStopping? = nil
    ) throws -> Trainer {
        try Trainer(
            fixture.step, training: Fixture.dataset(), validation: Fixture.dataset(samples: 20),
            settings: TrainingSettings(
                epochs: epochs, batchSize: 8, seed: 5, schedule: .constant(rate: 0.01),
                phases: try fixture.run(recipe, epochs: epochs), stopping: stopping),
            folder: folder)
    }

    @Test("with everything frozen but heads no bit of the trunk changes, with any method",
        arguments: TestDevice.available, Method.names)
    func frozenTrunk(device: TestDevice, method: String) throws {
        let fixture = try Fixture(try device.make(), method: method)
        let (trunk, all) = (try fixture.trunk(), try fixture.everything())
        try trainer(fixture, .linearProbe(cachesFeatures: false), epochs: 2).run()
        #expect(try fixture.trunk() == trunk)
        let values = try fixture.everything()
        #expect(values != all)
        let isFinite = values.allSatisfy { $0.isFinite }
        #expect(isFinite)
    }

    @Test("fine-tuning leaves the trunk alone, statistics too, until it is unfrozen", arguments: TestDevice.available)
    func fineTune(device: TestDevice) throws {
        let fixture = try Fixture(try device.make(), method: "pcgrad")
        let trunk = try fixture.trunk()
        var phases: [String?] = []
        var hasMoved: [Bool] = []
        try trainer(fixture, .fineTune(Recipe.FineTune(freezeEpochs: 2)), epochs: 4).run { event in
            if case .epoch(let report) = event {
                phases.append(report.phase)
                hasMoved.append(try fixture.trunk() != trunk)
            }
        }
        #expect(phases == ["heads", "heads", "all", "all"])
        #expect(hasMoved == [false, false, true, true])
        // The heads have taken the steps of all epochs, the trunk those of two.
        #expect(fixture.step.optimizer.stepCounts == fixture.groups.spread([10, 10, 20], default: 0))
    }

    @Test("a parameter's step is its group's share of the learning rate", arguments: TestDevice.available)
    func rates(device: TestDevice) throws {
        let fixture = try Fixture(try device.make(), rule: SGD(), norm: false)
        let plain = try Fixture(try device.make(), rule: SGD(), norm: false)
        let start = try fixture.arena.values.floats()
        func train(_ fixture: Fixture, factors: [Float]?) throws {
            let phase = TrainingPhase(
                name: "all", epochs: 1, schedule: .constant(rate: 0.1), learningRateFactors: factors)
            try Trainer(
                fixture.step, training: Fixture.dataset(samples: 8),
                settings: TrainingSettings(
                    epochs: 1, batchSize: 8, seed: 5, schedule: .constant(rate: 0.1), phases: [phase])
            ).run()
        }
        try train(plain, factors: nil)
        try train(fixture, factors: fixture.groups.spread([0.25, 0.5, 1], default: 1))
        let (moved, reference) = (try fixture.arena.values.floats(), try plain.arena.values.floats())
        for (factor, group) in zip([0.25, 0.5, 1] as [Float], fixture.groups.groups) {
            for parameter in group.parameters {
                let segment = fixture.arena.segments[parameter]
                let elements = segment.offset..<segment.offset + segment.shape.count
                expectClose(
                    elements.map { moved[$0] - start[$0] }, elements.map { factor * (reference[$0] - start[$0]) },
                    tolerance: 1e-6, segment.name)
            }
        }
    }

    @Test("a run that is interrupted in any phase and resumed equals an uninterrupted one",
        arguments: [3, 5, 7, 13, 17], ["fine-tune", "gradual-unfreezing"])
    func resume(stopAfter: Int, name: String) throws {
        let recipe: Recipe = name == "fine-tune" ? .fineTune() : .gradualUnfreezing()
        func fixture() throws -> Fixture {
            let fixture = try Fixture(TestDevice.cpu.make(), method: "mgda", dropout: 0.2)
            fixture.step.average = try WeightAverage(of: fixture.arena, decay: 0.9)
            fixture.step.penalty = try StartingPointPenalty(
                of: fixture.arena, alpha: 0.1, beta: 0.01, new: Set(fixture.groups.groups[2].parameters))
            return fixture
        }
        var expectedLosses: [[String: Double]] = []
        let reference = try fixture()
        try trainer(reference, recipe, epochs: 4).run { event in
            if case .step(let report) = event { expectedLosses.append(report.losses) }
        }
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        var losses: [[String: Double]] = []
        let record = { (event: TrainingEvent) in
            if case .step(let report) = event { losses.append(report.losses) }
        }
        #expect(
            try trainer(try fixture(), recipe, epochs: 4, folder: folder)
                .run(observer: record, shouldStop: { losses.count == stopAfter }) == nil)
        let resumed = try fixture()
        // What the folder has is taken, not what the network started from.
        try resumed.arena.overwriteForTest(with: 0.5)
        let second = try trainer(resumed, recipe, epochs: 4, folder: folder)
        try second.resume(from: folder)
        try second.run(observer: record)
        #expect(losses == expectedLosses)
        #expect(try resumed.everything() == reference.everything())
        #expect(try resumed.step.average?.values.floats() == reference.step.average?.values.floats())
    }

    @Test("phases that do not add up to the run are refused")
    func badPhases() throws {
        let fixture = try Fixture(TestDevice.cpu.make())
        #expect(throws: TrainingError.self) {
            try Trainer(
                fixture.step, training: Fixture.dataset(),
                settings: TrainingSettings(
                    epochs: 3, batchSize: 8, seed: 5, schedule: .constant(rate: 0.01),
                    phases: try fixture.run(.fineTune(), epochs: 4)))
        }
    }

    @Test("a run ends where the mean, or Δp, has not improved")
    func stopping() throws {
        // A learning rate that changes nothing improves nothing.
        let baseline: TaskMetrics = ["kind": ["accuracy": 0.5], "size": ["rootMeanSquaredError": 1]]
        for measure in [RunStopping.Measure.mean, .relativePerformance(baseline: baseline)] {
            let fixture = try Fixture(TestDevice.cpu.make(), norm: false)
            let summary = try Trainer(
                fixture.step, training: Fixture.dataset(), validation: Fixture.dataset(samples: 20),
                settings: TrainingSettings(
                    epochs: 9, batchSize: 8, seed: 5, schedule: .constant(rate: 1e-30),
                    stopping: RunStopping(measure, patience: 3))
            ).run()
            #expect(summary?.epochs == 4)
        }
        let fixture = try Fixture(TestDevice.cpu.make())
        #expect(throws: TrainingError.self) {
            try trainer(
                fixture, .full, epochs: 2,
                stopping: RunStopping(.relativePerformance(baseline: ["kind": ["auc": 0.5]]), patience: 1)
            ).run()
        }
    }
}
