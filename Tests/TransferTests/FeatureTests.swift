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

@Suite("Cached features")
struct FeatureTests {
    @Test("are what the body computes, with the targets of their samples", arguments: TestDevice.available)
    func features(device: TestDevice) throws {
        let fixture = try Fixture(try device.make(), dropout: 0.5)
        let dataset = try Fixture.dataset()
        let cached = try CachedFeatures(
            of: dataset, body: fixture.network.trunk, arena: fixture.arena, batchSize: 7)
        #expect(cached.count == 40)
        #expect(cached.inputShape == [5])
        #expect(cached.tasks == dataset.tasks)
        let samples = [39, 0, 17, 17, 4]
        let (found, original) = (cached.batch(of: samples), dataset.batch(of: samples))
        #expect(found.targets == original.targets)
        #expect(found.masks == original.masks)
        let inputs = try #require(original.inputs.floats)
        let features = try fixture.network.trunk(
            Tensor(inputs, shape: original.inputs.shape, on: fixture.arena.device),
            in: ForwardContext(fixture.arena, mode: .evaluation))
        expectClose(try #require(found.inputs.floats), try features.floats(), tolerance: 1e-6)
    }

    @Test("train heads as the frozen trunk does", arguments: TestDevice.available)
    func probe(device: TestDevice) throws {
        func heads(caches: Bool) throws -> [Float] {
            let fixture = try Fixture(try device.make(), method: "pcgrad", rule: SGD())
            let split = try #require(fixture.network.split)
            var source = TrainingSource(training: try Fixture.dataset(), tasks: ["kind", "size"])
            var step = fixture.step
            if caches {
                source = try source.cachingFeatures(of: split.body, arena: fixture.arena)
                step = try TrainingStep(
                    network: HardSharing(trunk: Sequential([]), heads: split.heads), tasks: Fixture.tasks,
                    arena: fixture.arena, optimizer: fixture.step.optimizer, method: fixture.step.method, seed: 5)
            }
            try Trainer(
                step, sources: [source],
                settings: TrainingSettings(
                    epochs: 3, batchSize: 8, seed: 5, schedule: .constant(rate: 0.05),
                    phases: try fixture.run(.linearProbe(), epochs: 3, rate: 0.05))
            ).run()
            return try fixture.arena.values.floats()
        }
        expectClose(try heads(caches: true), try heads(caches: false), tolerance: 1e-5)
    }
}

@Suite("Distillation")
struct DistillationTests {
    /// `(1 - α)·L + α·T²·KL` in Float64, for the classes of the first task.
    private func reference(
        _ student: [Float], _ teacher: [Float], _ labels: [Int32], temperature: Double, alpha: Double
    ) -> Double {
        func softmax(_ logits: [Double]) -> [Double] {
            let largest = logits.max() ?? 0
            let exponentials = logits.map { exp($0 - largest) }
            return exponentials.map { $0 / exponentials.reduce(0, +) }
        }
        var sum = 0.0
        for (row, label) in labels.enumerated() {
            let z = student[3 * row..<3 * row + 3].map(Double.init)
            let t = teacher[3 * row..<3 * row + 3].map(Double.init)
            let (p, q) = (softmax(t.map { $0 / temperature }), softmax(z.map { $0 / temperature }))
            let divergence = zip(p, q).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
            sum += -(1 - alpha) * log(softmax(z)[Int(label)]) + alpha * temperature * temperature * divergence
        }
        return sum / Double(labels.count)
    }

    @Test("loss is Hinton's, in Float64, and its gradient that of finite differences", arguments: TestDevice.available)
    func loss(device: TestDevice) throws {
        let device = try device.make()
        let student = try Fixture(device, rule: SGD(), norm: false)
        let teacher = try Fixture(device, norm: false)
        // Another network than the student.
        try teacher.arena.values.overwriteForTest(
            with: try teacher.arena.values.floats().enumerated().map { $1 * (1.5 + Float($0 % 5)) })
        let terms = [
            0: Distillation.Term(teacherTask: 0, temperature: 3, alpha: 0.7),
            1: Distillation.Term(teacherTask: 1, alpha: 0.25),
        ]
        student.step.lossTerms = Distillation(
            teacher: teacher.network, arena: teacher.arena, tasks: Fixture.tasks, terms: terms)
        let samples = try Fixture.dataset().batch(of: Array(0..<10))
        let batch = try DeviceBatch(samples, tasks: Fixture.tasks, on: student.arena.device)
        let inputs = try Tensor(
            try #require(samples.inputs.floats), shape: samples.inputs.shape, on: student.arena.device)
        func outputs(_ fixture: Fixture) throws -> [[Float]] {
            try fixture.network.predictions(for: inputs, in: ForwardContext(fixture.arena, mode: .evaluation))
                .map { try $0.floats() }
        }
        let taught = try outputs(teacher)
        let labels = try #require(samples.targets["kind"]?.ints)
        func total() throws -> (kind: Double, size: Double) {
            let own = try outputs(student)
            let targets = try #require(samples.targets["size"]?.floats)
            let mask = try #require(samples.masks["size"]?.floats)
            var (hard, soft, weight) = (0.0, 0.0, 0.0)
            for row in own[1].indices {
                hard += Double(mask[row]) * pow(Double(own[1][row]) - Double(targets[row]), 2)
                weight += Double(mask[row])
                soft += pow(Double(own[1][row]) - Double(taught[1][row]), 2)
            }
            return (
                reference(own[0], taught[0], labels, temperature: 3, alpha: 0.7),
                0.75 * hard / weight + 0.25 * soft / Double(own[1].count)
            )
        }
        let start = try student.arena.values.floats()
        let expected = try total()
        // SGD with rate 1 moves by the gradient of kind + 0.5·size.
        let outcome = try student.step(batch, step: 1, learningRate: 1)
        let gradient = zip(start, try student.arena.values.floats()).map { Double($0) - Double($1) }
        #expect(abs(Double(outcome.losses[0] ?? 0) - expected.kind) < 1e-5 * max(1, expected.kind))
        #expect(abs(Double(outcome.losses[1] ?? 0) - expected.size) < 1e-5 * max(1, expected.size))
        // Along the gradient the slope is its squared norm.
        let norm = gradient.reduce(0) { $0 + $1 * $1 }
        let width = 1e-3 / norm.squareRoot()
        func value(at distance: Double) throws -> Double {
            try student.arena.values.overwriteForTest(
                with: zip(start, gradient).map { Float(Double($0) + distance * $1) })
            let total = try total()
            return total.kind + 0.5 * total.size
        }
        let slope = (try value(at: width) - (try value(at: -width))) / (2 * width)
        #expect(abs(slope - norm) < 0.01 * norm, "\(slope) against \(norm)")
    }

    @Test("binary targets have a divergence per column")
    func binary() throws {
        let device = try TestDevice.cpu.make()
        let scope = ParameterScope()
        _ = scope.parameter("unused", [1], initializer: .constant(0))
        let arena = try ParameterArena(scope, seed: 0, on: device)
        struct Constant: MultiTaskNetwork {
            let logits: [Float]
            var taskCount: Int { 1 }
            func predictions(
                for input: Tensor, tasks: Set<Int>, in context: ForwardContext
            ) throws(ComputeError) -> [Tensor?] {
                [try Tensor(logits, shape: [2, 2], on: input.device)]
            }
        }
        let (student, teacher): ([Float], [Float]) = ([0.5, -1, 2, 0], [3, -2, 0.25, 1])
        let tasks = [LearningTask("flags", loss: .binaryCrossEntropy())]
        let distillation = Distillation(
            teacher: Constant(logits: teacher), arena: arena, tasks: tasks,
            terms: [0: Distillation.Term(teacherTask: 0, temperature: 2, alpha: 1)])
        let batch = try DeviceBatch(
            Batch(
                inputs: HostTensor([0, 0] as [Float], shape: [2, 1]),
                targets: ["flags": HostTensor([0, 0, 1, 1] as [Float], shape: [2, 2])]),
            tasks: tasks, on: device)
        let found = try distillation.losses(
            from: [try Tensor(5, on: device)],
            predictions: [try Tensor(student, shape: [2, 2], on: device)], batch: batch)
        func sigmoid(_ value: Double) -> Double { 1 / (1 + exp(-value)) }
        let divergences = zip(student, teacher).map { student, teacher in
            let (p, q) = (sigmoid(Double(teacher) / 2), sigmoid(Double(student) / 2))
            return p * log(p / q) + (1 - p) * log((1 - p) / (1 - q))
        }
        let expected = 4 * divergences.reduce(0, +) / 4
        #expect(abs(Double(try #require(try found[0]?.scalar())) - expected) < 1e-5)
    }
}
