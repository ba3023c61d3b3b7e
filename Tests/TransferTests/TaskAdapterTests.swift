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
import Transfer

/// How often a stage has run.
private final class Counter {
    var runs = 0
}

private struct CountedLayer: Layer {
    let layer: any Layer
    let counter: Counter

    func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        counter.runs += 1
        return try layer(input, in: context)
    }
}

/// Three stages, the first of them with batch normalisation, that count their runs.
private struct CountedTrunk: Trunk {
    let featureCount = 5
    let stages: [TrunkStage]
    let counters: [Counter]

    init(_ scope: ParameterScope) {
        let counters = (0..<3).map { _ in Counter() }
        let layers: [any Layer] = [
            Sequential([
                Linear(scope["first"], inputs: 6, outputs: 7), BatchNorm(scope["norm"], channels: 7, activation: .relu),
            ]),
            Linear(scope["second"], inputs: 7, outputs: 7, activation: .relu),
            Linear(scope["third"], inputs: 7, outputs: 5),
        ]
        self.counters = counters
        stages = zip(layers, counters).map {
            TrunkStage(CountedLayer(layer: $0, counter: $1), channels: 7, yieldsImages: false)
        }
    }

    func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        var features = input
        for stage in stages { features = try stage(features, in: context) }
        return features
    }
}

private struct AdaptedTasks {
    static let tasks = [
        LearningTask("color", loss: .crossEntropy()), LearningTask("size", loss: .squaredError, weight: 0.5),
        LearningTask("shape", loss: .crossEntropy()),
    ]

    let set: AdapterSet
    let trunk: CountedTrunk
    let network: any MultiTaskNetwork
    let arena: ParameterArena
    let step: TrainingStep

    /// - Parameter perTask: adapters of every task's own, else shared ones.
    init(
        _ device: any Device, perTask: Bool, targets: [String] = ["second", "third"], method: String = "pcgrad",
        adapters: AdapterMethod = .lowRank(LowRankAdaptation(rank: 2, alpha: 4, dropout: 0.25)),
        gradientDescent: Bool = false
    ) throws {
        set = try AdapterSet(
            adapters, targets: .names(targets), tasks: perTask ? AdaptedTasks.tasks.map(\.name) : [])
        let scope = ParameterScope()
        trunk = CountedTrunk(scope["trunk"].adapting(set))
        try set.checkUse()
        let outputs = ["color": 3, "size": 2, "shape": 4]
        let heads = AdaptedTasks.tasks.map { Linear(scope["heads"][$0.name], inputs: 5, outputs: outputs[$0.name] ?? 1) }
        network =
            perTask ? TaskAdapterSharing(trunk: trunk, heads: heads) : HardSharing(trunk: trunk, heads: heads)
        arena = try ParameterArena(scope, seed: 11, on: device)
        arena.freeze(prefixes: ["trunk."])
        step = try TrainingStep(
            network: network, tasks: AdaptedTasks.tasks, arena: arena,
            optimizer: try Optimizer(gradientDescent ? SGD() : Adam(), for: arena),
            method: try Method(named: method, seed: 3), seed: 5)
    }

    static func dataset() throws -> ArrayDataset {
        let samples = 24
        return try ArrayDataset(
            inputs: numbers("samples", count: samples * 6), inputShape: [6],
            targets: [
                .classes("color", labels: (0..<samples).map { Int32($0 % 3) }, count: 3),
                .regression("size", values: numbers("sizes", count: samples * 2), columns: 2),
                .classes("shape", labels: (0..<samples).map { Int32($0 * 7 % 4) }, count: 4),
            ])
    }

    func batch() throws -> DeviceBatch {
        try DeviceBatch(
            AdaptedTasks.dataset().batch(of: Array(0..<8)), tasks: AdaptedTasks.tasks, on: arena.device)
    }

    /// The values of the parameters and statistics whose name begins so.
    func values(_ prefix: String) throws -> [String: [Float]] {
        var result: [String: [Float]] = [:]
        for (name, tensor) in arena.namedTensors where name.hasPrefix(prefix) { result[name] = try tensor.floats() }
        return result
    }
}

@Suite("Training with adapters")
struct TaskAdapterTests {
    @Test("stages below the first own adapter run once for all tasks", arguments: [["second"], ["third"], ["first"]])
    func sharesStages(targets: [String]) throws {
        let tasks = try AdaptedTasks(try TestDevice.cpu.make(), perTask: true, targets: targets)
        try fill(tasks.arena, containing: "lora_")
        let input = try Tensor(numbers("input", count: 24), shape: [4, 6], on: tasks.arena.device)
        let outputs = try tasks.network.predictions(for: input, in: ForwardContext(tasks.arena, mode: .evaluation))
        let expected = ["first": [3, 3, 3], "second": [1, 3, 3], "third": [1, 1, 3]][targets[0]]
        #expect(tasks.trunk.counters.map(\.runs) == expected)

        // Every task's output is that of its adapters merged into a network of its own.
        for task in 0..<3 {
            try AdapterSet.merge([tasks.set], task: task, in: tasks.arena)
            let merged = try tasks.network.predictions(for: input, in: ForwardContext(tasks.arena, mode: .evaluation))
            expectClose(try outputs[task].floats(), try merged[task].floats(), within: 1e-5)
            try AdapterSet.unmerge([tasks.set], task: task, in: tasks.arena)
        }
        let two = try tasks.network.predictions(
            for: input, tasks: [1], in: ForwardContext(tasks.arena, mode: .evaluation))
        #expect(two[0] == nil && two[2] == nil)
        expectClose(try #require(two[1]).floats(), try outputs[1].floats(), within: 1e-5)
    }

    @Test("the frozen trunk keeps every bit, and adapters and heads learn", arguments: TestDevice.available, [true, false])
    func trunkStands(device: TestDevice, perTask: Bool) throws {
        let tasks = try AdaptedTasks(try device.make(), perTask: perTask)
        let (trunk, all) = (try tasks.values("trunk."), try tasks.values(""))
        #expect(trunk.keys.contains("trunk.norm.running_mean"))
        let batch = try tasks.batch()
        for step in 1...3 {
            let outcome = try tasks.step(batch, step: step, learningRate: 0.01)
            // Adapters of one task are the task's own: there is nothing to weigh.
            #expect(outcome.gramian?.values.contains { $0 != 0 } == !perTask)
        }
        #expect(try tasks.values("trunk.") == trunk)
        for (name, values) in try tasks.values("") where !name.hasPrefix("trunk.") {
            #expect(values != all[name], "\(name) has not learnt")
        }
    }

    @Test("the Gramian is that of the shared adapters", arguments: TestDevice.available)
    func gramian(device: TestDevice) throws {
        let tasks = try AdaptedTasks(
            try device.make(), perTask: false, method: "pcgrad",
            adapters: .lowRank(LowRankAdaptation(rank: 2, alpha: 4)))
        try fill(tasks.arena, containing: "lora_")
        let batch = try tasks.batch()
        // A row per task from a walk of its own.
        var rows: [[Double]] = []
        for task in 0..<3 {
            let tape = Tape()
            let context = ForwardContext(tasks.arena, mode: .training, tape: tape)
            let prediction = try tasks.network.predictions(for: batch.inputs, in: context)[task]
            let loss = try AdaptedTasks.tasks[task].loss(
                prediction, targets: try #require(batch.targets[task]), mask: nil)
            let target = try Tensor.filled(with: 0, [tasks.arena.count], on: tasks.arena.device)
            var gradients = try TaskGradients(
                walking: tape, from: [Seed(loss, task: task, weight: AdaptedTasks.tasks[task].weight)],
                of: tasks.arena, tasks: [task])
            try gradients.write(weights: [1], to: target)
            rows.append(
                try tasks.arena.segments.filter { $0.group == "adapters" }.flatMap {
                    try tasks.arena.view(of: $0, in: target).floats().map(Double.init)
                })
        }
        let outcome = try tasks.step(batch, step: 1, learningRate: 0.01)
        let gramian = try #require(outcome.gramian)
        let expected = SquareMatrix(gramianOf: rows)
        for row in 0..<3 {
            for column in 0..<3 {
                let scale = (expected[row, row] * expected[column, column]).squareRoot()
                #expect(abs(gramian[row, column] - expected[row, column]) <= 1e-4 * scale)
            }
        }
    }

    @Test("every method trains where tasks share adapters, and where they share nothing", arguments: Method.names)
    func methods(method: String) throws {
        for perTask in [true, false] {
            let tasks = try AdaptedTasks(try TestDevice.cpu.make(), perTask: perTask, method: method)
            let before = try tasks.arena.values.floats()
            let batch = try tasks.batch()
            for step in 1...3 { _ = try tasks.step(batch, step: step, learningRate: 0.01) }
            let after = try tasks.arena.values.floats()
            #expect(after.allSatisfy(\.isFinite) && after != before, "perTask \(perTask)")
        }
    }

    @Test("a run that is interrupted and resumed equals an uninterrupted one", arguments: [true, false])
    func resumes(perTask: Bool) throws {
        func trainer(_ folder: RunFolder?) throws -> (Trainer, AdaptedTasks) {
            let tasks = try AdaptedTasks(try TestDevice.cpu.make(), perTask: perTask)
            return (
                try Trainer(
                    tasks.step, training: AdaptedTasks.dataset(),
                    settings: TrainingSettings(epochs: 2, batchSize: 8, seed: 5, schedule: .constant(rate: 0.01)),
                    folder: folder), tasks
            )
        }
        let (reference, expected) = try trainer(nil)
        try reference.run()
        let folder = try RunFolder(temporaryPath())
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        var steps = 0
        _ = try trainer(folder).0.run(observer: { if case .step = $0 { steps += 1 } }, shouldStop: { steps == 4 })
        let (second, found) = try trainer(folder)
        try second.resume(from: folder)
        #expect(second.completedSteps == 4)
        try second.run()
        #expect(try found.arena.values.floats() == expected.arena.values.floats())
    }

    @Test("biases alone can train")
    func biasOnly() throws {
        let tasks = try AdaptedTasks(try TestDevice.cpu.make(), perTask: false)
        tasks.arena.freeze(prefixes: ["adapters."])
        tasks.arena.unfreezeBiases(prefix: "trunk.")
        let before = try tasks.values("trunk.")
        let batch = try tasks.batch()
        for step in 1...2 { _ = try tasks.step(batch, step: step, learningRate: 0.01) }
        for (name, values) in try tasks.values("trunk.") {
            #expect((values != before[name]) == name.hasSuffix(".bias"), "\(name)")
        }
    }

    @Test("bottleneck adapters behind stages keep what a trunk is", arguments: TestDevice.available)
    func stages(device: TestDevice) throws {
        let scope = ParameterScope()
        let plain = LeNet(scope["trunk"], height: 16, width: 16)
        let trunk = StageAdaptedTrunk(plain, scope["trunk"], BottleneckAdaptation(size: 4, activation: .gelu))
        let arena = try ParameterArena(scope, seed: 1, on: try device.make())
        #expect(trunk.stages.map(\.channels) == plain.stages.map(\.channels))
        let names = arena.segments.map(\.name).filter { $0.hasPrefix("adapters.trunk.1.") }
        #expect(names.sorted() == ["down", "up"].flatMap { ["adapters.trunk.1.\($0).bias", "adapters.trunk.1.\($0).weight"] })
        let images = try Tensor(numbers("images", count: 2 * 256), shape: [2, 16, 16, 1], on: arena.device)
        let context = ForwardContext(arena, mode: .evaluation)
        expectClose(try trunk(images, in: context).floats(), try plain(images, in: context).floats(), within: 1e-3)
        try fill(arena, containing: "adapters.")
        let (adapted, before) = (try trunk(images, in: context).floats(), try plain(images, in: context).floats())
        #expect(zip(adapted, before).contains { abs($0 - $1) > 0.1 })
    }
}
