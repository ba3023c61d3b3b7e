import Compute
import Datasets
import Foundation
import MultiTask
import Networks
import Optimizers
import Tensors
import TestDevices
import Testing
import Transfer

@Suite("Data of two domains")
struct AdaptationDatasetTests {
    private func dataset(_ count: Int, from start: Int, mask: [Float]? = nil) throws -> ArrayDataset {
        try ArrayDataset(
            inputs: (0..<count).map { Float(start + $0) }, inputShape: [1],
            targets: [
                .classes("kind", labels: (0..<count).map { Int32($0 % 2) }, count: 2, mask: mask),
                .regression("size", values: (0..<count).map(Float.init), columns: 1),
            ])
    }

    @Test("every sample of the source has one of the target beside it, whose labels do not count")
    func batches() throws {
        let pair = try AdaptationDataset(
            source: dataset(3, from: 0, mask: [1, 0, 0.5]), target: dataset(5, from: 100))
        #expect(pair.count == 5)
        #expect(pair.tasks.map(\.name) == ["kind", "size", "domain"])
        let batch = try pair.batch(of: [0, 2, 4])
        #expect(batch.inputs.floats == [0, 2, 1, 100, 102, 104])
        #expect(batch.targets["domain"]?.floats == [0, 0, 0, 1, 1, 1])
        #expect(batch.targets["kind"]?.ints == [0, 0, 1, 0, 0, 0])
        #expect(batch.masks["kind"]?.floats == [1, 0.5, 0, 0, 0, 0])
        #expect(batch.targets["size"]?.floats == [0, 2, 1, 0, 0, 0])
        #expect(batch.masks["size"]?.floats == [1, 1, 1, 0, 0, 0])
        #expect(batch.masks["domain"] == nil)
        let swapped = try AdaptationDataset(source: dataset(5, from: 0), target: dataset(2, from: 100))
        #expect(try swapped.batch(of: [4, 1]).inputs.floats == [4, 1, 100, 101])
        #expect(throws: DatasetError.self) {
            try AdaptationDataset(source: dataset(3, from: 0), target: Subset(of: dataset(3, from: 0), []))
        }
    }

    @Test("samples are chosen by their class")
    func classes() throws {
        let odd = try Subset(of: dataset(6, from: 0, mask: [1, 1, 1, 0, 1, 1]), task: "kind", isIn: [1])
        #expect(try odd.batch(of: Array(0..<odd.count)).inputs.floats == [1, 5])
    }
}

/// Two classes, two Gaussians; in the target domain both are moved and turned. The first tasks' labels of the target domain
/// serve for the test alone.
private struct ShiftedGaussians {
    let training: AdaptationDataset
    let test: ArrayDataset
    let plain: ArrayDataset

    init(seed: UInt64) throws {
        func samples(_ count: Int, isTarget: Bool, _ stream: String) throws -> ArrayDataset {
            var generator = Philox(seed: seed, stream: stream)
            func normal() -> Float {
                // The sum of twelve uniform numbers is close enough to a normal one.
                (0..<12).reduce(-6) { sum, _ in sum + Philox.uniform(UInt32(truncatingIfNeeded: generator.next() as UInt64)) }
            }
            let angle = isTarget ? Float.pi / 5 : 0
            var inputs: [Float] = []
            var (labels, sizes): ([Int32], [Float]) = ([], [])
            for sample in 0..<count {
                let label = sample % 2
                let (x, y) = ((label == 0 ? -1.5 : 1.5) + 0.5 * normal(), 1.2 * normal())
                let shift: Float = isTarget ? 1.5 : 0
                inputs += [cos(angle) * x - sin(angle) * y + shift, sin(angle) * x + cos(angle) * y + shift]
                labels.append(Int32(label))
                sizes.append(0.5 * x)
            }
            return try ArrayDataset(
                inputs: inputs, inputShape: [2],
                targets: [.classes("kind", labels: labels, count: 2), .regression("size", values: sizes, columns: 1)])
        }
        plain = try samples(256, isTarget: false, "source")
        training = try AdaptationDataset(source: plain, target: samples(256, isTarget: true, "target"))
        test = try samples(400, isTarget: true, "test")
    }
}

@Suite("Domain adaptation")
struct DomainAdaptationTests {
    private static let tasks = [
        LearningTask("kind", loss: .crossEntropy()), LearningTask("size", loss: .squaredError),
    ]

    private struct Run {
        let step: TrainingStep
        let network: any MultiTaskNetwork
        let tasks: [LearningTask]
    }

    private func run(
        _ adaptation: DomainAdaptation?, method: String, seed: UInt64, steps: Int?, on device: any Device,
        gradientDescent: Bool = false
    ) throws -> Run {
        let scope = ParameterScope()
        let trunk = MLP(scope["trunk"], inputs: 2, hidden: [16, 8], activation: .tanh)
        var heads: [any Layer] = [
            Linear(scope["heads"]["kind"], inputs: 8, outputs: 2), Linear(scope["heads"]["size"], inputs: 8, outputs: 1),
        ]
        var tasks = Self.tasks
        if let adaptation {
            heads.append(adaptation.head(scope["heads"]["domain"], inputs: 8, steps: steps))
            tasks.append(adaptation.task)
        }
        let network = HardSharing(trunk: trunk, heads: heads)
        let arena = try ParameterArena(scope, seed: seed, on: device)
        let step = try TrainingStep(
            network: network, tasks: tasks, arena: arena,
            optimizer: try Optimizer(gradientDescent ? SGD() : Adam(), for: arena),
            method: try Method(named: method, seed: seed))
        return Run(step: step, network: network, tasks: tasks)
    }

    /// The accuracy on the target domain after training.
    private func targetAccuracy(
        _ adaptation: DomainAdaptation?, method: String = "ew", seed: UInt64, on device: any Device
    ) throws -> Double {
        let data = try ShiftedGaussians(seed: seed)
        let epochs = 40
        let run = try run(adaptation, method: method, seed: seed, steps: epochs * 4, on: device)
        try Trainer(
            run.step, training: adaptation == nil ? data.plain : data.training,
            settings: TrainingSettings(epochs: epochs, batchSize: 64, seed: seed, schedule: .constant(rate: 0.01))
        ).run()
        let metrics = try Evaluation(network: run.network, tasks: run.tasks, arena: run.step.arena)(
            BatchLoader(data.test, batchSize: 400, order: .sequential))
        #expect(metrics["domain"] == nil)
        return try #require(metrics["kind"]?["accuracy"])
    }

    @Test("adaptation helps where domains are shifted")
    func helps() throws {
        let device = try TestDevice.cpu.make()
        func mean(_ adaptation: DomainAdaptation?, method: String = "ew") throws -> Double {
            try [1, 2, 3].map { try targetAccuracy(adaptation, method: method, seed: $0, on: device) }.reduce(0, +) / 3
        }
        let none = try mean(nil)
        let found: [(String, Double)] = [
            ("dann", try mean(DomainAdaptation(.adversarial(hidden: [16])))),
            ("coral", try mean(DomainAdaptation(.discrepancy(.correlation), weight: 10))),
        ]
        print("target accuracy without adaptation \(none), with \(found)")
        for (name, accuracy) in found { #expect(accuracy > none + 0.02, "\(name)") }
    }

    @Test("a domain term that is no task is in equal parts in the gradient of every task", arguments: TestDevice.available)
    func regularizer(device: TestDevice) throws {
        let data = try ShiftedGaussians(seed: 4)
        for method in [DomainAdaptation.Method.discrepancy(.correlation), .adversarial(hidden: [3])] {
            // With the sum of the losses it makes no difference whether the term is a task.
            var results: [[Float]] = []
            for isTask in [true, false] {
                let run = try run(
                    DomainAdaptation(method, weight: 2, isTask: isTask), method: "ew", seed: 1, steps: nil,
                    on: try device.make(), gradientDescent: true)
                let batch = try DeviceBatch(
                    data.training.batch(of: Array(0..<32)), tasks: run.tasks, on: run.step.arena.device)
                let outcome = try run.step(batch, step: 1, learningRate: 0.1)
                #expect(outcome.losses[2]?.isFinite == true && outcome.weights[2] == (isTask ? 1 : nil))
                results.append(try run.step.arena.values.floats())
            }
            expectClose(results[1], results[0], within: 1e-6)
        }
        // The Gramian has a row for a task, and none for a part of the others.
        for (isTask, size) in [(true, 3), (false, 2)] {
            let run = try run(
                DomainAdaptation(.discrepancy(.correlation), isTask: isTask), method: "pcgrad", seed: 1, steps: nil,
                on: try device.make())
            let batch = try DeviceBatch(
                data.training.batch(of: Array(0..<32)), tasks: run.tasks, on: run.step.arena.device)
            #expect(try run.step(batch, step: 1, learningRate: 0.1).gramian?.size == size)
        }
    }

    @Test("a run that adapts is resumed exactly", arguments: [true, false])
    func resumes(isTask: Bool) throws {
        let data = try ShiftedGaussians(seed: 5)
        func trainer(_ folder: RunFolder?) throws -> (Trainer, Run) {
            let run = try run(
                DomainAdaptation(.adversarial(hidden: [4]), isTask: isTask), method: "pcgrad", seed: 1, steps: 8,
                on: try TestDevice.cpu.make())
            return (
                try Trainer(
                    run.step, training: data.training, validation: data.test,
                    settings: TrainingSettings(epochs: 2, batchSize: 64, seed: 2, schedule: .constant(rate: 0.01)),
                    folder: folder), run
            )
        }
        let (reference, expected) = try trainer(nil)
        try reference.run()
        let folder = try RunFolder(temporaryPath())
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        var steps = 0
        _ = try trainer(folder).0.run(observer: { if case .step = $0 { steps += 1 } }, shouldStop: { steps == 3 })
        let (second, found) = try trainer(folder)
        try second.resume(from: folder)
        try second.run()
        #expect(try found.step.arena.values.floats() == expected.step.arena.values.floats())
    }

    @Test("the domain term does not choose the best epoch")
    func score() throws {
        let data = try ShiftedGaussians(seed: 6)
        let run = try run(
            DomainAdaptation(.discrepancy(.gaussianKernels())), method: "ew", seed: 1, steps: nil,
            on: try TestDevice.cpu.make())
        var scores: [Double] = []
        let trainer = try Trainer(
            run.step, training: data.training, validation: data.plain,
            settings: TrainingSettings(epochs: 6, batchSize: 64, seed: 2, schedule: .constant(rate: 0.05)))
        let summary = try trainer.run(observer: { event in
            guard case .epoch(let report) = event else { return }
            let accuracy = try #require(report.valid["kind"]?["accuracy"])
            let loss = try #require(report.valid["size"]?["loss"])
            scores.append(accuracy - loss)
        })
        #expect(scores.count == 6)
        #expect(try #require(summary).bestEpoch == scores.indices.max { scores[$0] < scores[$1] }.map { $0 + 1 })
    }
}
