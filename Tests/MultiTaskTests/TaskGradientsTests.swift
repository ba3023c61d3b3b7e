import Compute
import MultiTask
import Networks
import Tensors
import TestDevices
import Testing

@Suite("Task gradients")
struct TaskGradientsTests {
    /// Per task the gradient of its own loss alone, shaped like the arena.
    private func separateGradients(_ fixture: Fixture, _ batch: DeviceBatch) throws -> [[Double]] {
        try Fixture.tasks.indices.map { task in
            let tape = Tape()
            let losses = try self.losses(fixture, batch, tape)
            let target = try Tensor.filled(with: 0, [fixture.arena.count], on: fixture.arena.device)
            var gradients = try TaskGradients(
                walking: tape, from: [Seed(losses[task], task: task, weight: Fixture.tasks[task].weight)],
                of: fixture.arena, tasks: [task])
            try gradients.write(weights: [1], to: target)
            return try target.floats().map(Double.init)
        }
    }

    private func losses(_ fixture: Fixture, _ batch: DeviceBatch, _ tape: Tape) throws -> [Tensor] {
        let context = ForwardContext(fixture.arena, mode: .training, tape: tape, seed: 1, step: 1)
        let predictions = try fixture.network.predictions(for: batch.inputs, in: context)
        return try Fixture.tasks.indices.map { index in
            let targets = try #require(batch.targets[index])
            return try Fixture.tasks[index].loss(predictions[index], targets: targets, mask: nil)
        }
    }

    private func stacked(_ fixture: Fixture, _ batch: DeviceBatch) throws -> TaskGradients {
        let tape = Tape()
        let losses = try losses(fixture, batch, tape)
        let seeds = losses.enumerated().map { Seed($1, task: $0, weight: Fixture.tasks[$0].weight) }
        return try TaskGradients(walking: tape, from: seeds, of: fixture.arena, tasks: [0, 1, 2])
    }

    @Test("Gramian and direction equal those of separate backward passes", arguments: TestDevice.available)
    func equalsSeparatePasses(device: TestDevice) throws {
        let fixture = try Fixture(try device.make())
        let batch = try DeviceBatch(
            try Fixture.dataset().batch(of: Array(0..<17)), tasks: Fixture.tasks, on: fixture.arena.device)
        let separate = try separateGradients(fixture, batch)
        let shared = fixture.arena.segments.filter { $0.group == "trunk" }
        let rows = separate.map { row in shared.flatMap { row[$0.offset..<$0.offset + $0.shape.count] } }
        let expected = SquareMatrix(gramianOf: rows)

        var gradients = try stacked(fixture, batch)
        #expect(gradients.sharedCount == shared.reduce(0) { $0 + $1.shape.count })
        let gramian = try gradients.gramian()
        for row in 0..<3 {
            for column in 0..<3 {
                let scale = (expected[row, row] * expected[column, column]).squareRoot()
                #expect(abs(gramian[row, column] - expected[row, column]) <= 1e-5 * scale)
            }
        }

        let weights = [0.5, -2, 1.25]
        let target = try Tensor.filled(with: 0, [fixture.arena.count], on: fixture.arena.device)
        try gradients.write(weights: weights, to: target)
        let found = try target.floats()
        for segment in fixture.arena.segments {
            for index in segment.offset..<segment.offset + segment.shape.count {
                let terms = (0..<3).map { (segment.group == "trunk" ? weights[$0] : 1) * separate[$0][index] }
                let scale = terms.reduce(1e-3) { $0 + abs($1) }
                #expect(abs(Double(found[index]) - terms.reduce(0, +)) <= 1e-5 * scale, "\(segment.name)")
            }
        }
    }

    @Test("frozen parameters have no part in the Gramian")
    func leavesOutFrozen() throws {
        let fixture = try Fixture(try TestDevice.cpu.make())
        fixture.arena.freeze(prefixes: ["trunk.first"])
        let batch = try DeviceBatch(
            try Fixture.dataset().batch(of: Array(0..<8)), tasks: Fixture.tasks, on: fixture.arena.device)
        let gradients = try stacked(fixture, batch)
        #expect(gradients.sharedCount == 9 + 9 + 9 * 5 + 5)
    }

    @Test("a parameter that only some tasks share has zero rows for the others", arguments: TestDevice.available)
    func sharedByTwoOfThree(device: TestDevice) throws {
        let device = try device.make()
        let scope = ParameterScope()
        let common = scope["trunk"].parameter("common", [3], initializer: .constant(2))
        let pair = scope["trunk"].parameter("pair", [3], initializer: .constant(3))
        let own = scope["heads"]["c"].parameter("own", [3], initializer: .constant(4))
        let unused = scope["trunk"].parameter("unused", [3], initializer: .constant(5))
        let arena = try ParameterArena(scope, seed: 0, on: device)
        let tape = Tape()
        let context = ForwardContext(arena, mode: .training, tape: tape)
        _ = context(unused)
        let losses = [
            try (context(common) * context(pair)).sum(), try (context(pair) * context(common)).affine(scale: 2).sum(),
            try (context(common) * context(own)).sum(),
        ]
        var gradients = try TaskGradients(
            walking: tape, from: losses.enumerated().map { Seed($1, task: $0) }, of: arena, tasks: [0, 1, 2])
        #expect(gradients.sharedCount == 6)
        #expect(try gradients.rows().floats() == [3, 3, 3, 2, 2, 2, 6, 6, 6, 4, 4, 4, 4, 4, 4, 0, 0, 0])
        let target = try Tensor.filled(with: 9, [arena.count], on: device)
        try gradients.write(weights: [1, 10, 100], to: target)
        #expect(try arena.view(of: arena.segments[common.index], in: target).floats() == [463, 463, 463])
        #expect(try arena.view(of: arena.segments[pair.index], in: target).floats() == [42, 42, 42])
        #expect(try arena.view(of: arena.segments[own.index], in: target).floats() == [2, 2, 2])
        #expect(try arena.view(of: arena.segments[unused.index], in: target).floats() == [0, 0, 0])
    }
}
