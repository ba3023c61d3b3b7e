import Compute
import Conformance
import Networks
import Tensors
import TestDevices
import Testing

/// Networks against values that PyTorch has computed in Float64.
@Suite struct PyTorchTests {
    @Test("LeNet: loss and gradients", arguments: TestDevice.available)
    func lenet(device: TestDevice) throws {
        let scope = ParameterScope()
        let trunk = LeNet(scope)
        let network = Sequential([trunk, Linear(scope["head"], inputs: trunk.featureCount, outputs: 10)])
        _ = try checkClassifier(
            network, scope: scope, input: [3, 36, 36, 1], classes: 10, expected: Fixture.load().lenet, tolerance: 1e-5,
            device: device.make())
    }

    @Test("ResNet-18 in training: loss, gradients and running statistics", arguments: TestDevice.available)
    func resnet18(device: TestDevice) throws {
        let scope = ParameterScope()
        let expected = try Fixture.load().resnet18
        let arena = try checkClassifier(
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
