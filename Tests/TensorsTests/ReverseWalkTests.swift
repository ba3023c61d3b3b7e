import Compute
import Conformance
import Networks
import Tensors
import TestDevices
import Testing

/// A small network with everything that is special in a reverse walk: convolution, batch normalisation, pooling, a
/// residual, dropout, and several heads.
private struct Example {
    static let samples = 5
    static let classes = 3

    let arena: ParameterArena
    let trunk: Sequential
    let heads: [Linear]
    let inputs: Tensor
    let labels: [Tensor]

    init(heads count: Int, on device: any Device) throws {
        let scope = ParameterScope()
        let trunk = Sequential(
            scope["trunk"],
            // A bias in front of a normalisation would have a gradient of rounding errors alone.
            { Convolution2D($0, inputs: 2, outputs: 6, window: Window2D(size: 3, padding: 1), bias: false) },
            { BatchNorm($0, channels: 6, activation: .relu) },
            { _ in MaxPool2D(window: Window2D(size: 2, stride: 2)) },
            { BasicBlock($0, inputs: 6, outputs: 6) },
            { BasicBlock($0, inputs: 6, outputs: 9, stride: 2) },
            { Convolution2D($0, inputs: 9, outputs: 9, window: Window2D(size: 1), activation: .relu6) },
            { _ in DropoutLayer(probability: 0.3) },
            { _ in AveragePool2D(window: Window2D(size: 2, stride: 1)) },
            { _ in Flatten() },
            { Linear($0, inputs: 9, outputs: 17, activation: .relu) })
        self.trunk = trunk
        heads = (0..<count).map { Linear(scope["heads"]["task\($0)"], inputs: 17, outputs: Example.classes) }
        arena = try ParameterArena(scope, seed: 11, on: device)
        let shape: Shape = [Example.samples, 7, 7, 2]
        inputs = try Tensor.normal(shape, random: RandomPosition(seed: 5, stream: 1), on: device)
        labels = try (0..<count).map { task in
            try Tensor(
                (0..<Example.samples).map { Int32(($0 * 2 + task) % Example.classes) }, shape: [Example.samples],
                on: device)
        }
    }

    /// Forward, and a walk from the losses of some heads.
    func gradients(tasks: [Int], input: Tensor? = nil) throws -> [Int: LeafGradient] {
        let tape = Tape()
        let context = ForwardContext(arena, mode: .training, tape: tape, seed: 3)
        let features = try trunk(input ?? inputs, in: context)
        let seeds = try tasks.map { task in
            Seed(try heads[task](features, in: context).crossEntropy(labels: labels[task]), task: task)
        }
        return try tape.backward(from: seeds)
    }

    func values(_ leaves: [Int: LeafGradient], _ index: Int, task: Int) throws -> [Float] {
        guard let leaf = leaves[index] else { return [] }
        return try leaf.rows(for: [task], columns: arena.segments[index].shape.count, on: arena.device).floats()
    }
}

@Suite struct ReverseWalkTests {
    @Test("a stacked walk gives what separate walks give", arguments: TestDevice.available, [1, 2, 5])
    func stackedEqualsSeparate(device: TestDevice, tasks: Int) throws {
        let example = try Example(heads: tasks, on: device.make())
        let stacked = try example.gradients(tasks: Array(0..<tasks))
        for (index, segment) in example.arena.segments.enumerated() {
            let expected = segment.group == "trunk" ? Array(0..<tasks) : [Int(String(segment.group.last!))!]
            #expect(stacked[index]?.tasks == expected, "\(segment.name)")
        }
        for task in 0..<tasks {
            let separate = try example.gradients(tasks: [task])
            for (index, segment) in example.arena.segments.enumerated()
            where segment.group == "trunk" || segment.group == "heads.task\(task)" {
                let expected = try example.values(separate, index, task: task)
                let found = try example.values(stacked, index, task: task)
                let scale = expected.reduce(0) { max($0, abs($1)) }
                #expect(scale > 0, "\(segment.name), task \(task): no gradient to compare")
                let isClose = zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-5 * scale }
                #expect(isClose && found.count == expected.count, "\(segment.name), task \(task)")
            }
        }
    }

    @Test("losses of one task add up, with their weights", arguments: TestDevice.available)
    func weightedSeeds(device: TestDevice) throws {
        let device = try device.make()
        let tape = Tape()
        let x = tape.watch(try Tensor([1.0, 2, 3], shape: [3], on: device), as: 0)
        let seeds = [
            Seed(try x.sum(), task: 4, weight: 2), Seed(try x.sumOfSquares(), task: 1, weight: 0.5),
            Seed(try x.sumOfSquares(), task: 4, weight: -1),
        ]
        let leaf = try #require(try tape.backward(from: seeds)[0])
        #expect(leaf.tasks == [1, 4])
        #expect(try leaf.rows(for: [1, 4], columns: 3, on: device).floats() == [1, 2, 3, 0, -2, -4])
    }

    @Test("tasks that reach only a part of the trunk do not touch the rest", arguments: TestDevice.available)
    func partialTasks(device: TestDevice) throws {
        let device = try device.make()
        let tape = Tape()
        let bottom = tape.watch(try Tensor([1.0, -2], shape: [2], on: device), as: 0)
        let side = tape.watch(try Tensor([3.0, 5], shape: [2], on: device), as: 1)
        let trunk = try bottom.squared()
        let joint = try trunk * side
        // Task 0 ends in the joint part, task 2 in the trunk, task 1 in both.
        let seeds = [
            Seed(try joint.sum(), task: 0), Seed(try trunk.sum(), task: 2),
            Seed(try (joint + trunk).sum(), task: 1),
        ]
        let leaves = try tape.backward(from: seeds)
        let (bottomLeaf, sideLeaf) = (try #require(leaves[0]), try #require(leaves[1]))
        #expect(bottomLeaf.tasks == [0, 1, 2])
        #expect(sideLeaf.tasks == [0, 1])
        // d(x²·s)/dx = 2xs, d(x²)/dx = 2x; d(x²·s)/ds = x².
        #expect(
            try bottomLeaf.rows(for: [0, 1, 2], columns: 2, on: device).floats() == [6, -20, 8, -24, 2, -4])
        #expect(try sideLeaf.rows(for: [0, 1], columns: 2, on: device).floats() == [1, 4, 1, 4])
    }

    @Test("a loss that depends on nothing trainable has no gradients", arguments: TestDevice.available)
    func constantLoss(device: TestDevice) throws {
        let device = try device.make()
        let tape = Tape()
        let x = tape.watch(try Tensor([1.0, 2], shape: [2], on: device), as: 7)
        let constant = try Tensor([3.0, 4], shape: [2], on: device).sum()
        let leaves = try tape.backward(from: [Seed(constant, task: 0), Seed(try x.sum(), task: 1)])
        #expect(leaves.keys.sorted() == [7])
        #expect(leaves[7]?.tasks == [1])
    }

    @Test("weighted contributions are the weighted sum of the tasks' gradients", arguments: TestDevice.available)
    func weightedContributions(device: TestDevice) throws {
        let device = try device.make()
        let example = try Example(heads: 2, on: device)
        let weights: [Float] = [0.25, -1.5]
        let factors = try Tensor(weights, shape: [2], on: device)
        let leaves = try example.gradients(tasks: [0, 1])
        for (index, segment) in example.arena.segments.enumerated() where segment.group == "trunk" {
            let columns = segment.shape.count
            let leaf = try #require(leaves[index])
            let rows = try leaf.rows(for: [0, 1], columns: columns, on: device).floats()
            let expected = (0..<columns).map { weights[0] * rows[$0] + weights[1] * rows[columns + $0] }
            let sum = try Tensor.filled(with: 0, [columns], on: device)
            for contribution in leaf.contributions {
                try contribution.gradient.weighted(by: factors).writeRows(
                    to: sum.storage, stride: columns, accumulate: true)
            }
            let scale = rows.reduce(0) { max($0, abs($1)) }
            #expect(
                zip(try sum.floats(), expected).allSatisfy { abs($0 - $1) <= 1e-5 * scale }, "\(segment.name)")
        }
    }

    @Test("frozen parameters get no gradient, and nothing below the lowest trainable layer is walked", arguments: TestDevice.available)
    func freezing(device: TestDevice) throws {
        let device = try device.make()
        let example = try Example(heads: 2, on: device)
        func backwardLaunches(_ leaves: inout [Int: LeafGradient]) throws -> Int {
            let tape = Tape()
            let context = ForwardContext(example.arena, mode: .training, tape: tape, seed: 3)
            let features = try example.trunk(example.inputs, in: context)
            let seeds = try example.heads.indices.map { task in
                Seed(try example.heads[task](features, in: context).crossEntropy(labels: example.labels[task]), task: task)
            }
            let before = device.launches
            leaves = try tape.backward(from: seeds)
            return device.launches - before
        }
        var leaves: [Int: LeafGradient] = [:]
        let everything = try backwardLaunches(&leaves)
        #expect(leaves.count == example.arena.segments.count)

        example.arena.freeze(prefixes: ["trunk.0", "trunk.1", "trunk.3", "trunk.4", "trunk.5"])
        let top = try backwardLaunches(&leaves)
        let trained = Set(leaves.keys.map { example.arena.segments[$0].name })
        #expect(trained == Set(example.arena.segments.map(\.name).filter { $0.hasPrefix("heads") || $0.hasPrefix("trunk.9") }))
        #expect(top < everything)

        example.arena.freeze(prefixes: ["trunk"])
        let headsOnly = try backwardLaunches(&leaves)
        // Two losses; a linear layer without trainable input gives its factors away without computing anything.
        #expect(headsOnly == 2)

        example.arena.freeze(prefixes: [""])
        #expect(try backwardLaunches(&leaves) == 0)
        #expect(leaves.isEmpty)
    }

    @Test("a frozen layer in the middle passes the gradient on, unchanged", arguments: TestDevice.available)
    func frozenInTheMiddle(device: TestDevice) throws {
        let example = try Example(heads: 1, on: device.make())
        let full = try example.gradients(tasks: [0])
        example.arena.freeze(prefixes: ["trunk.4.conv", "trunk.9"])
        let partial = try example.gradients(tasks: [0])
        for (index, segment) in example.arena.segments.enumerated() {
            let isFrozen = segment.name.hasPrefix("trunk.4.conv") || segment.name.hasPrefix("trunk.9")
            #expect((partial[index] == nil) == isFrozen, "\(segment.name)")
            if !isFrozen {
                #expect(
                    try example.values(partial, index, task: 0) == example.values(full, index, task: 0),
                    "\(segment.name)")
            }
        }
    }

    @Test("a layer that is used twice collects both contributions", arguments: TestDevice.available)
    func sharedLayer(device: TestDevice) throws {
        let device = try device.make()
        let scope = ParameterScope()
        let layer = Linear(scope["layer"], inputs: 3, outputs: 3, bias: false)
        let arena = try ParameterArena(scope, seed: 2, on: device)
        let input = try Tensor([1, -2, 0.5], shape: [1, 3], on: device)
        let tape = Tape()
        let context = ForwardContext(arena, mode: .training, tape: tape)
        let output = try layer(layer(input, in: context), in: context)
        let leaf = try #require(try tape.backward(from: [Seed(try output.sum(), task: 0)])[0])
        #expect(leaf.contributions.count == 2)
        // With y = x·W and L = Σ y·W: dL/dW[i, j] = y[i] + x[i]·Σ_c W[j, c].
        let weight = try arena.tensor(layer.weight).floats().map(Double.init)
        let x = [1, -2, 0.5]
        let y = (0..<3).map { column in (0..<3).reduce(0) { $0 + x[$1] * weight[$1 * 3 + column] } }
        let rowSums = (0..<3).map { row in weight[row * 3..<row * 3 + 3].reduce(0, +) }
        let found = try leaf.rows(for: [0], columns: 9, on: device).floats()
        for row in 0..<3 {
            for column in 0..<3 {
                #expect(abs(Double(found[row * 3 + column]) - (y[row] + x[row] * rowSums[column])) < 1e-6)
            }
        }
    }

    @Test("a step leaves no memory behind", arguments: TestDevice.available)
    func memory(device: TestDevice) throws {
        let device = try device.make()
        let example = try Example(heads: 2, on: device)
        let before = device.pool.statistics
        _ = try example.gradients(tasks: [0, 1])
        let first = device.pool.statistics
        #expect(first.liveBuffers == before.liveBuffers)
        #expect(first.liveBytes == before.liveBytes)
        for _ in 0..<3 { _ = try example.gradients(tasks: [0, 1]) }
        // What the first step has freed serves the later ones.
        #expect(device.pool.statistics.allocations == first.allocations)
        #expect(device.pool.statistics.liveBuffers == before.liveBuffers)
    }

    @Test("a forward pass that is never walked back leaves no memory behind", arguments: TestDevice.available)
    func abandonedTape(device: TestDevice) throws {
        let device = try device.make()
        let example = try Example(heads: 1, on: device)
        let before = device.pool.statistics.liveBuffers
        do {
            let context = ForwardContext(example.arena, mode: .training, tape: Tape())
            _ = try example.trunk(example.inputs, in: context)
            #expect(device.pool.statistics.liveBuffers > before)
        }
        #expect(device.pool.statistics.liveBuffers == before)
    }
}
