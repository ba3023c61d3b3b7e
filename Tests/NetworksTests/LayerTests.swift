import Compute
import Foundation
import Networks
import Tensors
import TestDevices
import Testing

@Suite struct LayerTests {
    private func output(
        _ layer: some Layer, _ scope: ParameterScope, _ input: Tensor, mode: ForwardContext.Mode = .evaluation
    ) throws -> Tensor {
        let arena = try ParameterArena(scope, seed: 1, on: input.device)
        return try layer(input, in: ForwardContext(arena, mode: mode))
    }

    @Test("a linear layer starts as PyTorch's and keeps decay from its bias")
    func linearParameters() throws {
        let scope = ParameterScope()
        _ = Linear(scope["layer"], inputs: 300, outputs: 50)
        let arena = try ParameterArena(scope, seed: 3, on: TestDevice.cpu.make())
        #expect(arena.segments.map(\.name) == ["layer.weight", "layer.bias"])
        #expect(arena.segments.map(\.shape) == [[300, 50], [50]])
        #expect(arena.segments.map(\.decays) == [true, false])
        let bound = 1 / Float(300).squareRoot()
        let weight = try arena.view(of: arena.segments[0], in: arena.values).floats()
        #expect(weight.allSatisfy { abs($0) <= bound })
        // Uniform within ±b: the mean is 0 and the mean square b²/3, with 15 000 draws to within a few per cent.
        let square = weight.reduce(0) { $0 + Double($1) * Double($1) } / Double(weight.count)
        #expect(abs(square / (Double(bound) * Double(bound) / 3) - 1) < 0.03)
        #expect(abs(weight.reduce(0) { $0 + Double($1) } / Double(weight.count)) < 0.03 * Double(bound))
    }

    @Test("a convolution's initializer sees both fans")
    func convolutionParameters() throws {
        let scope = ParameterScope()
        _ = Convolution2D(
            scope["layer"], inputs: 6, outputs: 64, window: Window2D(size: 5), groups: 2, bias: false,
            initializer: { fanIn, fanOut in
                #expect(fanIn == 75 && fanOut == 1600)
                return .kaimingNormal(fanIn: fanOut)
            })
        let arena = try ParameterArena(scope, seed: 3, on: TestDevice.cpu.make())
        #expect(arena.segments.map(\.name) == ["layer.weight"])
        #expect(arena.segments[0].shape == [5, 5, 3, 64])
        let weight = try arena.view(of: arena.segments[0], in: arena.values).floats()
        let square = weight.reduce(0) { $0 + Double($1) * Double($1) } / Double(weight.count)
        #expect(abs(square / (2.0 / 1600) - 1) < 0.1)
    }

    @Test("a tabular encoder puts embeddings before numbers", arguments: TestDevice.available)
    func tabularEncoder(device: TestDevice) throws {
        let scope = ParameterScope()
        let encoder = TabularEncoder(scope["encoder"], categories: 2, vocabulary: 5, numbers: 1, width: 3)
        #expect(encoder.featureCount == 7)
        let arena = try ParameterArena(scope, seed: 1, on: try device.make())
        #expect(arena.segments.map(\.name) == ["encoder.embedding.weight"])
        try arena.view(of: arena.segments[0], in: arena.values).overwrite(with: (0..<15).map(Float.init))
        let bits = Int32(bitPattern: Float(-0.5).bitPattern)
        let input = try Tensor([1, 4, bits, 0, 3, 0] as [Int32], shape: [2, 3], on: arena.device)
        let output = try encoder(input, in: ForwardContext(arena, mode: .evaluation))
        #expect(output.shape == [2, 7])
        #expect(try output.floats() == [3, 4, 5, 12, 13, 14, -0.5, 0, 1, 2, 9, 10, 11, 0])

        let numbersOnly = TabularEncoder(ParameterScope(), categories: 0, vocabulary: 0, numbers: 3, width: 3)
        let numbers = try numbersOnly(
            Tensor([bits, 0, bits], shape: [1, 3], on: arena.device), in: ForwardContext(arena, mode: .evaluation))
        #expect(try numbers.floats() == [-0.5, 0, -0.5])
    }

    @Test("an embedding starts from a standard normal distribution")
    func embeddingParameters() throws {
        let scope = ParameterScope()
        _ = EmbeddingLayer(scope, vocabulary: 100, width: 40)
        let values = try ParameterArena(scope, seed: 3, on: TestDevice.cpu.make()).values.floats().prefix(4000)
        let square = values.reduce(0) { $0 + Double($1) * Double($1) } / 4000
        // The mean of 4,000 squares has the standard deviation √(2/4000) = 0.022.
        #expect(abs(square - 1) < 0.1)
        #expect(abs(values.reduce(0) { $0 + Double($1) } / 4000) < 0.08)
    }

    @Test("dropout draws anew in training and is the identity in evaluation", arguments: TestDevice.available)
    func dropout(device: TestDevice) throws {
        let device = try device.make()
        let scope = ParameterScope()
        let arena = try ParameterArena(scope, seed: 1, on: device)
        let layer = DropoutLayer(probability: 0.25)
        let input = try Tensor.filled(with: 3, [40, 50], on: device)
        let evaluation = ForwardContext(arena, mode: .evaluation)
        #expect(try layer(input, in: evaluation).floats() == Array(repeating: 3, count: 2000))

        let training = ForwardContext(arena, mode: .training, seed: 5, step: 2)
        let (first, second) = (try layer(input, in: training).floats(), try layer(input, in: training).floats())
        #expect(Set(first) == [0, 4])
        // 2000 draws with probability ¼ have a standard deviation of 19.
        #expect(abs(first.count { $0 == 0 } - 500) < 100)
        #expect(first != second)
        let again = ForwardContext(arena, mode: .training, seed: 5, step: 2)
        #expect(try layer(input, in: again).floats() == first)
        let later = ForwardContext(arena, mode: .training, seed: 5, step: 3)
        #expect(try layer(input, in: later).floats() != first)
    }

    @Test("a frozen batch normalisation uses its statistics and leaves them alone", arguments: TestDevice.available)
    func frozenBatchNorm(device: TestDevice) throws {
        let device = try device.make()
        let scope = ParameterScope()
        let layer = BatchNorm(scope["bn"], channels: 2)
        let arena = try ParameterArena(scope, seed: 1, on: device)
        #expect(arena.segments.allSatisfy { !$0.decays })
        let input = try Tensor([1.0, 10, 3, 20, 5, 60], shape: [3, 2], on: device)
        let training = ForwardContext(arena, mode: .training)
        _ = try layer(input, in: training)
        // Means 3 and 30, unbiased variances 4 and 700; a tenth of the way from 0 and 1.
        #expect(zip(try training(layer.runningMean).floats(), [0.3, 3]).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(zip(try training(layer.runningVariance).floats(), [1.3, 70.9]).allSatisfy { abs($0 - $1) < 1e-5 })

        arena.freeze(prefixes: ["bn"])
        let before = try training(layer.runningMean).floats() + training(layer.runningVariance).floats()
        let frozen = try layer(input, in: training).floats()
        let evaluated = try layer(input, in: ForwardContext(arena, mode: .evaluation)).floats()
        #expect(frozen == evaluated)
        #expect(try training(layer.runningMean).floats() + training(layer.runningVariance).floats() == before)
    }

    @Test("activations as layers", arguments: TestDevice.available)
    func activations(device: TestDevice) throws {
        let device = try device.make()
        let values: [Float] = [-3, -0.5, 0, 0.5, 7]
        let input = try Tensor(values, shape: [1, 5], on: device)
        let expected: [(ActivationLayer, (Double) -> Double)] = [
            (.relu, { max($0, 0) }), (.relu6, { min(max($0, 0), 6) }),
            (.leakyReLU(slope: 0.2), { $0 < 0 ? 0.2 * $0 : $0 }), (.silu, { $0 / (1 + exp(-$0)) }),
            (.gelu, { $0 * 0.5 * (1 + erf($0 / 2.0.squareRoot())) }), (.tanh, { tanh($0) }),
            (.sigmoid, { 1 / (1 + exp(-$0)) }),
        ]
        for (layer, function) in expected {
            let found = try output(layer, ParameterScope(), input).floats()
            for (value, found) in zip(values, found) {
                #expect(abs(Double(found) - function(Double(value))) < 2e-6, "\(layer)(\(value))")
            }
        }
        #expect(Set(ActivationLayer.names.compactMap(ActivationLayer.init(named:))).count == ActivationLayer.names.count)
        #expect(ActivationLayer(named: "softplus") == nil)
    }

    @Test("a sequence names its layers by position", arguments: TestDevice.available)
    func sequential(device: TestDevice) throws {
        let scope = ParameterScope()
        let network = Sequential(
            scope["head"],
            { Linear($0, inputs: 3, outputs: 4) }, { _ in ActivationLayer.relu }, { Linear($0, inputs: 4, outputs: 2) })
        let input = try Tensor.filled(with: 1, [5, 3], on: device.make())
        #expect(try output(network, scope, input).shape == [5, 2])
        let arena = try ParameterArena(scope, seed: 1, on: input.device)
        #expect(arena.segments.map(\.name) == ["head.0.weight", "head.0.bias", "head.2.weight", "head.2.bias"])
    }

    @Test("pooling and flattening layers", arguments: TestDevice.available)
    func shapes(device: TestDevice) throws {
        let device = try device.make()
        let image = try Tensor((0..<32).map { Float($0) }, shape: [1, 4, 4, 2], on: device)
        let window = Window2D(size: 2, stride: 2)
        let scope = ParameterScope()
        #expect(try output(MaxPool2D(window: window), scope, image).floats() == [10, 11, 14, 15, 26, 27, 30, 31])
        #expect(try output(AveragePool2D(window: window), scope, image).floats() == [5, 6, 9, 10, 21, 22, 25, 26])
        #expect(try output(GlobalAveragePool2D(), scope, image).floats() == [15, 16])
        #expect(try output(Flatten(), scope, image).shape == [1, 32])
        let padded = Window2D(height: 2, width: 2, strideHeight: 2, strideWidth: 2, paddingTop: 1, paddingBottom: 1)
        let corner = try output(AveragePool2D(window: padded, countsPadding: true), scope, image).floats()[0]
        // Columns 0 and 1 of row 0 are 0 and 2; two zeros of padding count.
        #expect(corner == 0.5)
    }
}
