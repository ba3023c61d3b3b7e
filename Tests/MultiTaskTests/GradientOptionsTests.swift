import Compute
import Datasets
import MultiTask
import Networks
import Optimizers
import Tensors
import TestDevices
import Testing

/// A trunk of two connected layers under three heads, without random numbers and statistics, so that gradients of parts
/// of a batch add up to those of the whole.
private struct Plain {
    static let tasks = [
        LearningTask("color", loss: .crossEntropy()), LearningTask("size", loss: .squaredError, weight: 0.5),
        LearningTask("shape", loss: .crossEntropy()),
    ]

    let arena: ParameterArena
    let first: Dense
    let second: Dense
    let heads: [Dense]
    let network: HardSharing
    let step: TrainingStep

    init(_ device: any Device, options: GradientOptions = GradientOptions(), method: String = "pcgrad") throws {
        let scope = ParameterScope()
        first = Dense(scope["trunk"]["first"], 6, 9, activation: .relu)
        second = Dense(scope["trunk"]["second"], 9, 5)
        let outputs = [3, 2, 4]
        heads = Plain.tasks.indices.map { Dense(scope["heads"][Plain.tasks[$0].name], 5, outputs[$0]) }
        arena = try ParameterArena(scope, seed: 4, on: device)
        network = HardSharing(trunk: Trunk(first: first, second: second), heads: heads)
        step = try TrainingStep(
            network: network, tasks: Plain.tasks, arena: arena, optimizer: try Optimizer(SGD(), for: arena),
            method: try Method(named: method, seed: 2), gradientOptions: options)
    }

    struct Trunk: Layer {
        let first: Dense
        let second: Dense

        func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
            try second(first(input, in: context), in: context)
        }
    }

    /// Samples of the data, with the targets of some tasks.
    func batch(_ samples: Range<Int>, tasks: Set<String> = ["color", "size", "shape"]) throws -> DeviceBatch {
        let whole = try Fixture.dataset().batch(of: Array(samples))
        return try DeviceBatch(
            Batch(inputs: whole.inputs, targets: whole.targets.filter { tasks.contains($0.key) }), tasks: Plain.tasks,
            on: arena.device)
    }

    /// A reverse walk's seeds, and the features below the heads.
    func seeds(_ batch: DeviceBatch, _ tape: Tape) throws -> (seeds: [Seed], features: Tensor) {
        let context = ForwardContext(arena, mode: .training, tape: tape)
        let features = try network.trunk(batch.inputs, in: context)
        let seeds = try heads.enumerated().map { task, head in
            let targets = try #require(batch.targets[task])
            return Seed(
                try Plain.tasks[task].loss(try head(features, in: context), targets: targets, mask: nil), task: task,
                weight: Plain.tasks[task].weight)
        }
        return (seeds, features)
    }
}

private func expectClose(
    _ found: [Float], _ expected: [Float], relative: Float = 1e-5, _ comment: Comment,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let scale = expected.reduce(0) { max($0, abs($1)) }
    #expect(found.count == expected.count && scale > 0, comment, sourceLocation: sourceLocation)
    #expect(
        zip(found, expected).allSatisfy { abs($0 - $1) <= relative * scale }, comment, sourceLocation: sourceLocation)
}

@Suite("Gradient options") struct GradientOptionsTests {
    @Test("a walk that weighs features gives the weighted gradients", arguments: TestDevice.available)
    func weighingFeatures(device: TestDevice) throws {
        let plain = try Plain(try device.make())
        let arena = plain.arena
        let batch = try plain.batch(0..<17)
        let weights = [0.5, -2, 1.25]

        let tape = Tape()
        var expected = try TaskGradients(
            walking: tape, from: plain.seeds(batch, tape).seeds, of: arena, tasks: [0, 1, 2])
        let exact = try Tensor.filled(with: 0, [arena.count], on: arena.device)
        try expected.write(weights: weights, to: exact)

        let second = Tape()
        var found = TaskGradients(of: arena, tasks: [0, 1, 2])
        var shapes: [Shape] = []
        try second.backward(
            from: plain.seeds(batch, second).seeds,
            weighingFeatures: { features in
                shapes = features.map(\.value.shape)
                #expect(features.map(\.tasks) == [[0, 1, 2]])
                return [0: weights[0], 1: weights[1], 2: weights[2]]
            }, { (leaf, gradient, isWeighted) throws(ComputeError) in
                #expect(isWeighted == (arena.segments[leaf].group == "trunk"))
                try found.add(gradient, of: leaf, isWeighted: isWeighted)
            })
        #expect(shapes == [[3, 17, 5]])
        let direction = try Tensor.filled(with: 0, [arena.count], on: arena.device)
        try found.write(weights: weights, to: direction)
        expectClose(try direction.floats(), try exact.floats(), "features")
        #expect(found.groups == expected.groups)
    }

    @Test("the scope of features sees their derivatives over all samples", arguments: TestDevice.available)
    func featureScope(device: TestDevice) throws {
        let plain = try Plain(try device.make(), options: GradientOptions(scope: .features))
        let batch = try plain.batch(0..<17)
        // With the features as a leaf, its rows are what the scope must see.
        let tape = Tape()
        let features = try plain.network.trunk(batch.inputs, in: ForwardContext(plain.arena, mode: .training))
        let watched = tape.watch(features, as: 1000)
        let context = ForwardContext(plain.arena, mode: .training, tape: tape)
        let seeds = try plain.heads.enumerated().map { task, head in
            let targets = try #require(batch.targets[task])
            return Seed(
                try Plain.tasks[task].loss(try head(watched, in: context), targets: targets, mask: nil), task: task,
                weight: Plain.tasks[task].weight)
        }
        let leaf = try #require(try tape.backward(from: seeds)[1000])
        let count = features.count
        var rows: [[Double]] = []
        for task in 0..<3 {
            let contribution = try #require(leaf.contributions.first { $0.tasks == [task] })
            let row = try Tensor(uninitialized: [count], on: plain.arena.device)
            try contribution.gradient.writeRows(to: row.storage, stride: count, accumulate: false)
            rows.append(try row.floats().map(Double.init))
        }
        let expected = SquareMatrix(gramianOf: rows)
        let outcome = try plain.step(batch, step: 1, learningRate: 0.1)
        let gramian = try #require(outcome.gramian)
        for index in 0..<9 {
            let scale = (expected.values[index / 3 * 4] * expected.values[index % 3 * 4]).squareRoot()
            #expect(abs(gramian.values[index] - expected.values[index]) <= 1e-6 * scale)
        }
    }

    @Test("layers and modules have Gramians of their own, which add up", arguments: TestDevice.available)
    func parts(device: TestDevice) throws {
        let device = try device.make()
        for (scope, count) in [(GradientScope.layers, 2), (.modules(["trunk.second"]), 2)] {
            let whole = try Plain(device)
            let parted = try Plain(device, options: GradientOptions(scope: scope))
            let batch = try whole.batch(0..<17)
            let expected = try #require(try whole.step(batch, step: 1, learningRate: 0.1).gramian)
            let found = try #require(try parted.step(batch, step: 1, learningRate: 0.1).gramian)
            for (value, exact) in zip(found.values, expected.values) {
                #expect(abs(value - exact) <= 1e-6 * expected.values.reduce(0) { max($0, abs($1)) })
            }
            // The Gramian of a layer is that of a network whose other layers are frozen.
            let frozen = try Plain(device)
            frozen.arena.freeze(prefixes: ["trunk.first"])
            let alone = try frozen.step(batch, step: 1, learningRate: 0.1)
            expectClose(
                try parted.arena.tensor(parted.second.weight).floats(),
                try frozen.arena.tensor(frozen.second.weight).floats(), "\(scope): \(alone.weights), \(count) parts")
        }
    }

    @Test("weights are computed every m steps and used in between", arguments: TestDevice.available)
    func interval(device: TestDevice) throws {
        let plain = try Plain(try device.make(), options: GradientOptions(interval: 3))
        let batch = try plain.batch(0..<17)
        let outcomes = try (1...4).map { try plain.step(batch, step: $0, learningRate: 0.05) }
        #expect(outcomes.map { $0.gramian != nil } == [true, false, false, true])
        #expect(outcomes[1].weights == outcomes[0].weights && outcomes[2].weights == outcomes[0].weights)

        // The second step, by hand: the first one's weights on exact gradients.
        let exact = try Plain(plain.arena.device)
        _ = try exact.step(batch, step: 1, learningRate: 0.05)
        let tape = Tape()
        var gradients = try TaskGradients(
            walking: tape, from: exact.seeds(batch, tape).seeds, of: exact.arena, tasks: [0, 1, 2])
        let direction = try Tensor.filled(with: 0, [exact.arena.count], on: exact.arena.device)
        try gradients.write(weights: outcomes[0].weights.compactMap { $0 }, to: direction)
        try exact.step.optimizer.step(
            gradients: direction, learningRate: 0.05, groups: gradients.groups, clippingNorm: nil)
        let again = try Plain(plain.arena.device, options: GradientOptions(interval: 3))
        for step in 1...2 { _ = try again.step(batch, step: step, learningRate: 0.05) }
        expectClose(try again.arena.values.floats(), try exact.arena.values.floats(), "second step")
    }

    @Test(
        "parts of a batch, walked back together or one by one, make the step of the whole", arguments: TestDevice.available,
        ["pcgrad", "ew"])
    func accumulation(device: TestDevice, method: String) throws {
        let device = try device.make()
        let whole = try Plain(device, method: method)
        let expected = try whole.step(try whole.batch(0..<17), step: 1, learningRate: 0.1)
        for accumulating in [false, true] {
            let parts = try Plain(device, method: method)
            let outcome = try parts.step(
                [try parts.batch(0..<5), try parts.batch(5..<17)], accumulating: accumulating, step: 1,
                learningRate: 0.1)
            expectClose(try parts.arena.values.floats(), try whole.arena.values.floats(), "\(accumulating)")
            for (loss, exact) in zip(outcome.losses, expected.losses) {
                #expect(abs(try #require(loss) - (try #require(exact))) <= 1e-5)
            }
            if let exact = expected.gramian {
                let gramian = try #require(outcome.gramian)
                let scale = exact.values.reduce(0) { max($0, abs($1)) }
                #expect(zip(gramian.values, exact.values).allSatisfy { abs($0 - $1) <= 1e-5 * scale })
            }
        }
    }

    @Test("every task may have inputs of its own, and a task may be absent", arguments: TestDevice.available)
    func ownInputs(device: TestDevice) throws {
        let plain = try Plain(try device.make())
        let batches = [try plain.batch(0..<7, tasks: ["color"]), try plain.batch(7..<19, tasks: ["shape"])]
        let trunk = plain.arena.segments.filter { $0.group == "trunk" }
        let rows = try batches.enumerated().map { number, batch in
            let task = number * 2
            let tape = Tape()
            let context = ForwardContext(plain.arena, mode: .training, tape: tape)
            let output = try plain.network.predictions(for: batch.inputs, in: context)[task]
            let targets = try #require(batch.targets[task])
            var gradients = try TaskGradients(
                walking: tape,
                from: [Seed(try Plain.tasks[task].loss(output, targets: targets, mask: nil), task: task)],
                of: plain.arena, tasks: [task])
            let row = try Tensor.filled(with: 0, [plain.arena.count], on: plain.arena.device)
            try gradients.write(weights: [1], to: row)
            let values = try row.floats()
            return trunk.flatMap { values[$0.offset..<$0.offset + $0.shape.count].map(Double.init) }
        }
        let expected = SquareMatrix(gramianOf: rows)
        for accumulating in [false, true] {
            let fresh = try Plain(plain.arena.device)
            let outcome = try fresh.step(batches, accumulating: accumulating, step: 1, learningRate: 0.1)
            let gramian = try #require(outcome.gramian)
            #expect(gramian.size == 2 && outcome.losses[1] == nil && outcome.weights[1] == nil)
            for index in 0..<4 {
                let scale = (expected.values[index / 2 * 3] * expected.values[index % 2 * 3]).squareRoot()
                #expect(abs(gramian.values[index] - expected.values[index]) <= 1e-5 * scale)
            }
        }
    }

    @Test("a loss that is not a number stops or skips the step, and names the task", arguments: TestDevice.available)
    func notFinite(device: TestDevice) throws {
        let device = try device.make()
        let whole = try Fixture.dataset().batch(of: Array(0..<9))
        guard case .float(var sizes)? = whole.targets["size"]?.storage else {
            Issue.record("no sizes")
            return
        }
        sizes[3] = .nan
        var targets = whole.targets
        targets["size"] = HostTensor(sizes, shape: [9, 2])
        let bad = Batch(inputs: whole.inputs, targets: targets)

        let stopping = try Fixture(device)
        #expect {
            _ = try stopping.step(
                try DeviceBatch(bad, tasks: Fixture.tasks, on: device), step: 7, learningRate: 0.1)
        } throws: { error in
            guard case TrainingError.notFinite(_, let task, let step, _) = error else { return false }
            return task == "size" && step == 7
        }

        let skipping = try Fixture(device, gradientOptions: GradientOptions(notFinite: .skip))
        let values = try skipping.arena.values.floats()
        let statistics = try skipping.arena.statistics.floats()
        let outcome = try skipping.step(
            try DeviceBatch(bad, tasks: Fixture.tasks, on: device), step: 1, learningRate: 0.1)
        #expect(outcome.skipped?.description.contains("\"size\"") == true)
        #expect(try skipping.arena.values.floats() == values)
        #expect(try skipping.arena.statistics.floats() == statistics)
        let good = try skipping.step(
            try DeviceBatch(whole, tasks: Fixture.tasks, on: device), step: 2, learningRate: 0.1)
        #expect(good.skipped == nil)
        #expect(try skipping.arena.values.floats() != values)
    }

    @Test("options that contradict the method are refused")
    func contradictions() throws {
        let device = try TestDevice.cpu.make()
        for (method, options) in [
            ("ew", GradientOptions(interval: 2)), ("ew", GradientOptions(scope: .features)),
            ("pcgrad", GradientOptions(interval: 0)), ("pcgrad", GradientOptions(scope: .layers, interval: 2)),
            ("pcgrad", GradientOptions(memory: 0)),
        ] {
            #expect("\(method), \(options)") {
                _ = try Plain(device, options: options, method: method)
            } throws: { error in
                guard case TrainingError.invalidSetting(let name, _, _) = error else { return false }
                return name.hasPrefix("gradients.")
            }
        }
    }
}
