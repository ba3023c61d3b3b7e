import Compute
import Conformance
import Networks
import Tensors
import TestDevices
import Testing

/// Networks against values that PyTorch has computed in Float64.
@Suite struct PyTorchTests {
    /// Forward and backward of a classifier.
    ///
    /// - Parameter tolerance: share of a gradient's largest element; what Float32 loses grows with the depth.
    private func check(
        _ network: some Layer, scope: ParameterScope, input shape: Shape, classes: Int,
        expected: Fixture.Classification, tolerance: Float, device: any Device
    ) throws -> ParameterArena {
        let arena = try ParameterArena(scope, seed: 0, on: device)
        try Fixture.fill(arena)
        let input = try Tensor(Fixture.uniform("input", count: shape.count), shape: shape, on: device)
        let labels = try Tensor(
            (0..<shape[0]).map { Int32((7 * $0 + 3) % classes) }, shape: [shape[0]], on: device)
        let tape = Tape()
        let context = ForwardContext(arena, mode: .training, tape: tape)
        let logits = try network(input, in: context)
        let loss = try logits.crossEntropy(labels: labels)
        expectClose(try logits.floats(), expected.logits, relative: tolerance, "logits")
        expectClose([try loss.scalar()], [expected.loss], relative: tolerance, "loss")

        let leaves = try tape.backward(from: [Seed(loss, task: 0)])
        #expect(Set(arena.segments.map(\.name)) == Set(expected.gradientNorms.keys))
        for (index, segment) in arena.segments.enumerated() {
            let leaf = try #require(leaves[index], "no gradient for \(segment.name)")
            let gradient = try leaf.rows(for: [0], columns: segment.shape.count, on: device)
            let norm = try gradient.sumOfSquares().squareRoot().scalar()
            let first = try #require(expected.firstGradients[segment.name])
            let expectedNorm = try #require(expected.gradientNorms[segment.name])
            expectClose([norm], [expectedNorm], relative: tolerance, segment.name)
            expectClose(Array(try gradient.floats().prefix(first.count)), first, relative: tolerance, segment.name)
        }
        return arena
    }

    @Test("LeNet: loss and gradients", arguments: TestDevice.available)
    func lenet(device: TestDevice) throws {
        let scope = ParameterScope()
        let trunk = LeNet(scope)
        let network = Sequential([trunk, Linear(scope["head"], inputs: trunk.featureCount, outputs: 10)])
        _ = try check(
            network, scope: scope, input: [3, 36, 36, 1], classes: 10, expected: Fixture.load().lenet, tolerance: 1e-5,
            device: device.make())
    }

    @Test("ResNet-18 in training: loss, gradients and running statistics", arguments: TestDevice.available)
    func resnet18(device: TestDevice) throws {
        let scope = ParameterScope()
        let expected = try Fixture.load().resnet18
        let arena = try check(
            ResNet18(scope, classes: 7), scope: scope, input: [2, 64, 64, 3], classes: 7, expected: expected,
            tolerance: 2e-4, device: device.make())
        #expect(arena.parameterCount == expected.parameterCount)
        let statistics = try #require(expected.statistics)
        #expect(Set(arena.statisticSegments.map(\.name)) == Set(statistics.keys))
        for segment in arena.statisticSegments {
            let values = try arena.view(of: segment, in: arena.statistics).floats()
            let first = try #require(statistics[segment.name])
            expectClose(Array(values.prefix(first.count)), first, relative: 2e-4, segment.name)
        }
    }

    @Test("batch normalisation in training, then in evaluation", arguments: TestDevice.available)
    func batchNorm(device: TestDevice) throws {
        let device = try device.make()
        let scope = ParameterScope()
        let layer = BatchNorm(scope, channels: 5)
        let arena = try ParameterArena(scope, seed: 0, on: device)
        try Fixture.fill(arena)
        let shape: Shape = [4, 3, 2, 5]
        let input = try Tensor(
            Fixture.uniform("input", count: shape.count).map { 2 * $0 + 0.5 }, shape: shape, on: device)
        let cotangent = try Tensor(Fixture.uniform("cotangent", count: shape.count), shape: shape, on: device)
        let fixture = try Fixture.load().batchNorm
        for (name, mode) in [("training", ForwardContext.Mode.training), ("evaluation", .evaluation)] {
            let expected = try #require(fixture[name])
            let tape = Tape()
            let context = ForwardContext(arena, mode: mode, tape: tape)
            let output = try layer(tape.watch(input, as: 2), in: context)
            expectClose(try output.floats(), expected.output, relative: 1e-6, name)
            let leaves = try tape.backward(from: [Seed(try (output * cotangent).sum(), task: 0)])
            func gradient(_ leaf: Int, count: Int) throws -> [Float] {
                try #require(leaves[leaf]).rows(for: [0], columns: count, on: device).floats()
            }
            expectClose(try gradient(2, count: shape.count), expected.inputGradient, relative: 2e-6, "\(name), input")
            expectClose(try gradient(0, count: 5), expected.weightGradient, relative: 2e-6, "\(name), weight")
            expectClose(try gradient(1, count: 5), expected.biasGradient, relative: 2e-6, "\(name), bias")
            expectClose(try context(layer.runningMean).floats(), expected.runningMean, relative: 1e-6, name)
            expectClose(try context(layer.runningVariance).floats(), expected.runningVariance, relative: 1e-6, name)
        }
    }
}
