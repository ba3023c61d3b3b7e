import CPUBackend
import Checkpoints
import Foundation
import Networks
import Testing

/// A file with these names and shapes; every element of a tensor is 0.
private struct NamesOnly: TensorArchive {
    let path = "names"
    let format = "test"
    let tensors: [TensorDescription]
    let metadata: [String: String] = [:]

    func withUnsafeBytes<Result>(
        of name: String, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(CheckpointError) -> Result {
        let bytes = [UInt8](repeating: 0, count: try tensor(named: name).byteCount)
        return bytes.withUnsafeBytes(body)
    }
}

/// The tables of names against the names and shapes of real weights; see `Fixtures/record_backbones.py`.
@Suite struct BackboneMappingTests {
    private func archive(_ model: String) throws -> NamesOnly {
        let path = try #require(Bundle.module.url(forResource: "backbones", withExtension: "json", subdirectory: "Fixtures"))
        let all = try JSONDecoder().decode([String: [String: [Int]]].self, from: Data(contentsOf: path))
        let tensors = try #require(all[model]).map { name, shape in
            TensorDescription(name: name, type: name.hasSuffix("num_batches_tracked") ? .int64 : .float32, shape: shape)
        }
        return NamesOnly(tensors: tensors.sorted { $0.name < $1.name })
    }

    @Test(
        "every tensor of a trunk is found, and none is left over",
        // Encoders of texts have a test of their own.
        arguments: ModelRegistry.names.filter { !["bert", "minilm"].contains($0) && WeightMapping.backbone($0) != nil })
    func trunks(model: String) throws {
        // The only weights that are found of this family are those of its smallest network.
        guard !["efficientnet-lite1", "efficientnet-lite2"].contains(model) else { return }
        let scope = ParameterScope()
        let side = model == "onet" ? ONet.imageSize : 64
        _ = try ModelRegistry.trunk(named: model, sampleShape: [side, side, 3], in: scope["trunk"])
        let arena = try ParameterArena(scope, seed: 0, on: CPUDevice())
        let mapping = try #require(WeightMapping.backbone(model, withoutHead: true))
        let report = try mapping.apply(try archive(model), to: arena, under: "trunk")
        #expect(report.used.count == arena.segments.count + arena.statisticSegments.count)
    }

    @Test("classifiers and heads come along where they are wanted")
    func heads() throws {
        let scope = ParameterScope()
        _ = ResNet18(scope["resnet18"], classes: 1000)
        _ = EfficientNetLite(scope["efficientnet-lite0"], classes: 1000)
        _ = MobileNetV2(scope["mobilenet-v2"], classes: 1000)
        _ = ONet(scope["onet"])
        for task in ONet.tasks { _ = MLP(scope["onet"][task.name], inputs: 256, hidden: [], outputs: task.outputs) }
        let arena = try ParameterArena(scope, seed: 0, on: CPUDevice())
        for model in ["resnet18", "efficientnet-lite0", "mobilenet-v2", "onet"] {
            let mapping = try #require(WeightMapping.backbone(model))
            let report = try mapping.apply(try archive(model), to: arena, under: model)
            #expect(report.missing.isEmpty && report.leftOver.isEmpty)
        }
    }
}
