import Compute
import Networks
import Tensors
import TestDevices
import Testing

@Suite struct ModelTests {
    private static let samples: [(String, [Int], ModelOptions, Int)] = [
        ("mlp", [7], ModelOptions(hidden: [9, 5]), 5),
        ("mlp", [4, 3, 2], ModelOptions(hidden: [6], activation: "gelu", dropout: 0.5), 6),
        ("lenet", [36, 36, 1], ModelOptions(), 50),
        ("lenet", [16, 19, 3], ModelOptions(), 50),
        ("resnet18", [33, 40, 3], ModelOptions(), 512),
        ("resnet50", [33, 40, 3], ModelOptions(), 2048),
        ("mobilenet-v2", [33, 40, 3], ModelOptions(), 1280),
        ("efficientnet-lite2", [33, 40, 1], ModelOptions(), 1280),
        ("onet", [48, 48, 3], ModelOptions(), 256),
    ]

    @Test("a trunk gives as many features as it says", arguments: samples)
    func features(name: String, sample: [Int], options: ModelOptions, expected: Int) throws {
        let device = try TestDevice.cpu.make()
        let scope = ParameterScope()
        let trunk = try ModelRegistry.trunk(
            named: name, options: options, sampleShape: Shape(sample), in: scope["trunk"])
        #expect(trunk.featureCount == expected)
        let arena = try ParameterArena(scope, seed: 0, on: device)
        #expect(arena.segments.allSatisfy { $0.group == "trunk" })
        let input = try Tensor.filled(with: 0.5, Shape([3] + sample), on: device)
        for mode in [ForwardContext.Mode.training, .evaluation] {
            let output = try trunk(input, in: ForwardContext(arena, mode: mode))
            #expect(output.shape == [3, expected])
            #expect(try output.floats().allSatisfy { $0.isFinite })
        }
    }

    @Test("the numbers of parameters are those of the layers")
    func parameterCounts() throws {
        func count(_ declare: (ParameterScope) -> Void) throws -> Int {
            let scope = ParameterScope()
            declare(scope)
            return try ParameterArena(scope, seed: 0, on: TestDevice.cpu.make()).parameterCount
        }
        // 5·5·10 + 10, 5·5·10·20 + 20, 720·50 + 50.
        #expect(try count { _ = LeNet($0) } == 260 + 5020 + 36_050)
        #expect(try count { _ = MLP($0, inputs: 128, hidden: [512, 512], outputs: 1) } == 66_048 + 262_656 + 513)
    }

    @Test("ResNet-18 is named as torchvision's, in its order")
    func resnetNames() throws {
        let scope = ParameterScope()
        _ = ResNet18(scope, classes: 1000)
        let arena = try ParameterArena(scope, seed: 0, on: TestDevice.cpu.make())
        let names = arena.segments.map(\.name)
        #expect(names.count == 62)
        // As torchvision's with its 1000 classes.
        #expect(arena.parameterCount == 11_689_512)
        #expect(names.prefix(6) == [
            "conv1.weight", "bn1.weight", "bn1.bias", "layer1.0.conv1.weight", "layer1.0.bn1.weight",
            "layer1.0.bn1.bias",
        ])
        #expect(names.contains("layer2.0.downsample.0.weight") && names.contains("layer4.0.downsample.1.bias"))
        #expect(!names.contains("layer1.0.downsample.0.weight") && !names.contains("layer2.1.downsample.0.weight"))
        #expect(names.suffix(2) == ["fc.weight", "fc.bias"])
        #expect(arena.statisticSegments.map(\.name).prefix(2) == ["bn1.running_mean", "bn1.running_var"])
        #expect(arena.statisticSegments.count == 40)
    }

    @Test("an MLP as a head ends without activation and without dropout")
    func head() throws {
        let device = try TestDevice.cpu.make()
        let scope = ParameterScope()
        let head = MLP(scope["heads"]["left"], inputs: 4, hidden: [64], outputs: 200, dropout: 0.5)
        #expect(head.featureCount == 200)
        let arena = try ParameterArena(scope, seed: 0, on: device)
        #expect(arena.segments.map(\.name) == [
            "heads.left.0.weight", "heads.left.0.bias", "heads.left.1.weight", "heads.left.1.bias",
        ])
        let input = try Tensor.filled(with: 1, [1, 4], on: device)
        let output = try head(input, in: ForwardContext(arena, mode: .training)).floats()
        #expect(output.contains { $0 < 0 } && !output.contains(0))
    }

    @Test("an unknown name is refused with the nearest known one")
    func unknownNames() throws {
        #expect(throws: ModelError.unknownModel(name: "resnet-18", known: ModelRegistry.names)) {
            try ModelRegistry.trunk(named: "resnet-18", sampleShape: [8, 8, 3], in: ParameterScope())
        }
        let known = ModelRegistry.names.joined(separator: ", ")
        let error = ModelError.unknownModel(name: "resnet-18", known: ModelRegistry.names)
        #expect(
            error.description
                == "unknown model \"resnet-18\"; did you mean \"resnet18\"? Known: \(known).")
        #expect(
            ModelError.unknownModel(name: "transformer", known: ModelRegistry.names).description
                == "unknown model \"transformer\". Known: \(known).")
        #expect(throws: ModelError.unknownActivation(name: "rellu", known: ActivationLayer.names)) {
            try ModelRegistry.trunk(
                named: "mlp", options: ModelOptions(hidden: [3], activation: "rellu"), sampleShape: [4],
                in: ParameterScope())
        }
    }

    @Test(
        "unsuitable samples and options are refused",
        arguments: [
            ("lenet", [15, 36, 1], ModelOptions()), ("lenet", [36, 36], ModelOptions()), ("resnet18", [9], ModelOptions()),
            ("resnet18", [8, 8, 0], ModelOptions()), ("mlp", [], ModelOptions(hidden: [3])),
            ("mlp", [4], ModelOptions()), ("mlp", [4], ModelOptions(hidden: [3, 0])),
            ("mlp", [4], ModelOptions(hidden: [3], dropout: 1)),
        ] as [(String, [Int], ModelOptions)])
    func refusals(name: String, sample: [Int], options: ModelOptions) throws {
        let scope = ParameterScope()
        #expect(throws: ModelError.self) {
            try ModelRegistry.trunk(named: name, options: options, sampleShape: Shape(sample), in: scope)
        }
        #expect(try ParameterArena(scope, seed: 0, on: TestDevice.cpu.make()).segments.isEmpty)
    }
}
