import Compute
import Foundation
import Networks
import Tensors
import TestDevices
import Testing

/// The vision networks, narrowed, against values that PyTorch has computed in Float64; see `Fixtures/record_vision.py`.
@Suite struct VisionTests {
    struct Expected: Decodable {
        let tensorFlowStyle: Case
        let torchStyle: Case
        let bottlenecks: Case
        let onet: Case

        struct Case: Decodable {
            let logits: [Float]
            let loss: Float
            let gradientNorms: [String: Float]
            let firstGradients: [String: [Float]]
            let statistics: [String: [Float]]
            let parameterCount: Int
            let evaluation: [Float]

            var training: Fixture.Classification {
                Fixture.Classification(
                    logits: logits, loss: loss, gradientNorms: gradientNorms, firstGradients: firstGradients,
                    statistics: statistics, parameterCount: parameterCount)
            }
        }

        static func load() throws -> Expected {
            let path = try #require(Bundle.module.url(forResource: "vision", withExtension: "json"))
            return try JSONDecoder().decode(Expected.self, from: Data(contentsOf: path))
        }
    }

    static let body = [
        MobileStage(size: 3, stride: 1, expansion: 1, channels: 8, blocks: 1),
        MobileStage(size: 5, stride: 2, expansion: 3, channels: 12, blocks: 2),
        MobileStage(size: 3, stride: 2, expansion: 2, channels: 16, blocks: 1),
    ]

    /// Training, then evaluation with folded normalisation and with recorded gradients.
    private func check(
        _ network: some Layer, scope: ParameterScope, input shape: Shape, classes: Int, expected: Expected.Case,
        on device: any Device
    ) throws {
        let arena = try checkClassifier(
            network, scope: scope, input: shape, classes: classes, expected: expected.training, tolerance: 1e-4,
            device: device)
        #expect(arena.parameterCount == expected.parameterCount)
        #expect(Set(arena.statisticSegments.map(\.name)) == Set(expected.statistics.keys))
        for segment in arena.statisticSegments {
            let first = try #require(expected.statistics[segment.name])
            let values = try arena.view(of: segment, in: arena.statistics).floats()
            expectClose(Array(values.prefix(first.count)), first, relative: 1e-4, segment.name)
        }
        let input = try Tensor(Fixture.uniform("input", count: shape.count), shape: shape, on: device)
        for tape in [nil, Tape()] {
            let logits = try network(input, in: ForwardContext(arena, mode: .evaluation, tape: tape))
            expectClose(
                try logits.floats(), expected.evaluation, relative: 1e-4, tape == nil ? "folded" : "recorded")
        }
    }

    @Test("padding, depthwise windows and normalisation as in TensorFlow", arguments: TestDevice.available)
    func tensorFlowStyle(device: TestDevice) throws {
        let scope = ParameterScope()
        let network = EfficientNetLite(scope, body: VisionTests.body, channels: 3, stem: 8, head: 24, classes: 5)
        try check(
            network, scope: scope, input: [3, 36, 33, 3], classes: 5, expected: Expected.load().tensorFlowStyle,
            on: device.make())
    }

    @Test("the same as in torchvision", arguments: TestDevice.available)
    func torchStyle(device: TestDevice) throws {
        let scope = ParameterScope()
        let network = EfficientNetLite(
            scope, body: VisionTests.body, channels: 3, stem: 8, head: 24, classes: 5, style: .torch)
        try check(
            network, scope: scope, input: [3, 36, 33, 3], classes: 5, expected: Expected.load().torchStyle,
            on: device.make())
    }

    @Test("bottlenecks of residual networks", arguments: TestDevice.available)
    func bottlenecks(device: TestDevice) throws {
        let scope = ParameterScope()
        let network = ResNet50(scope, classes: 5, width: 4, blocks: [2, 1])
        try check(
            network, scope: scope, input: [3, 33, 40, 3], classes: 5, expected: Expected.load().bottlenecks,
            on: device.make())
    }

    @Test("O-Net: learnt slopes, pooling that rounds up, columns before rows", arguments: TestDevice.available)
    func onet(device: TestDevice) throws {
        let scope = ParameterScope()
        let trunk = ONet(scope)
        let network = Sequential([trunk, Linear(scope["head"], inputs: trunk.featureCount, outputs: 4)])
        try check(
            network, scope: scope, input: [3, 48, 48, 3], classes: 4, expected: Expected.load().onet, on: device.make())
    }

    @Test("a frozen block folds its normalisation, and gradients pass through it as without")
    func frozenBlock() throws {
        let device = try TestDevice.cpu.make()
        let scope = ParameterScope()
        let block = ConvolutionBlock(
            scope["block"], inputs: 4, outputs: 6, window: Window2D(size: 3, padding: 1), activation: .relu6)
        let arena = try ParameterArena(scope, seed: 0, on: device)
        try Fixture.fill(arena)
        let shape: Shape = [2, 5, 6, 4]
        let input = try Tensor(Fixture.uniform("input", count: shape.count), shape: shape, on: device)
        func run() throws -> (output: [Float], gradient: [Float]) {
            let tape = Tape()
            let output = try block(
                tape.watch(input, as: 9), in: ForwardContext(arena, mode: .evaluation, tape: tape))
            let leaves = try tape.backward(from: [Seed(try output.squared().sum(), task: 0)])
            let gradient = try #require(leaves[9]).rows(for: [0], columns: shape.count, on: device)
            return (try output.floats(), try gradient.floats())
        }
        let apart = try run()
        let before = try arena.values.floats()
        arena.freeze(prefixes: ["block"])
        let folded = try run()
        expectClose(folded.output, apart.output, relative: 1e-6)
        expectClose(folded.gradient, apart.gradient, relative: 1e-5)
        #expect(try arena.values.floats() == before)
    }

    @Test("the numbers of parameters are those of the published networks")
    func parameterCounts() throws {
        func count(_ declare: (ParameterScope) -> Void) throws -> Int {
            let scope = ParameterScope()
            declare(scope)
            return try ParameterArena(scope, seed: 0, on: TestDevice.cpu.make()).parameterCount
        }
        #expect(try count { _ = EfficientNetLite($0, .lite0, classes: 1000) } == 4_652_008)
        // 5.4 and 6.1 million according to the authors.
        #expect(try count { _ = EfficientNetLite($0, .lite1, classes: 1000) } == 5_416_680)
        #expect(try count { _ = EfficientNetLite($0, .lite2, classes: 1000) } == 6_092_072)
        // As torchvision's.
        #expect(try count { _ = MobileNetV2($0, classes: 1000) } == 3_504_872)
        #expect(try count { _ = ResNet50($0, classes: 1000) } == 25_557_032)
        // As facenet-pytorch's, without the three heads.
        #expect(try count { _ = ONet($0) } == 389_040 - 257 * (2 + 4 + 10))
    }

    @Test(
        "SAME and rounded-up padding",
        arguments: [
            // extent, size, stride; padding before and behind by TensorFlow's rule; behind by PyTorch's ceil_mode.
            (224, 3, 2, 0, 1, 1), (7, 3, 2, 1, 1, 0), (8, 5, 2, 1, 2, 1), (5, 3, 1, 1, 1, 0), (46, 3, 2, 0, 1, 1),
            (10, 2, 2, 0, 0, 0), (4, 1, 3, 0, 0, 0), (9, 2, 2, 0, 1, 1),
        ])
    func padding(extent: Int, size: Int, stride: Int, before: Int, behind: Int, ceiling: Int) throws {
        let device = try TestDevice.cpu.make()
        let scope = ParameterScope()
        let arena = try ParameterArena(scope, seed: 0, on: device)
        let input = try Tensor.filled(with: 1, [1, extent, extent, 1], on: device)
        let window = Window2D(size: size, stride: stride)
        let context = ForwardContext(arena, mode: .evaluation)
        let same = try MaxPool2D(window: window, padding: .same)(input, in: context)
        #expect(same.shape[1] == (extent + stride - 1) / stride)
        // Padding of the window's own that gives the same positions.
        let explicit = Window2D(
            height: size, width: size, strideHeight: stride, strideWidth: stride, paddingTop: before,
            paddingBottom: behind, paddingLeft: before, paddingRight: behind)
        #expect(explicit.outputHeight(extent) == same.shape[1])
        let rounded = try MaxPool2D(window: window, padding: .ceiling)(input, in: context)
        #expect(rounded.shape[1] == (extent + ceiling - size) / stride + 1)
    }
}
