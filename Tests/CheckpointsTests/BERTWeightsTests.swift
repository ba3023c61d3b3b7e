import Checkpoints
import CPUBackend
import Foundation
import Networks
import Tensors
import Testing

/// A tiny encoder's weights in Hugging Face's names and layouts.
@Suite struct BERTWeightsTests {
    private func encoder() throws -> ParameterArena {
        var options = BERTEncoder.Options()
        (options.layers, options.hidden, options.heads, options.intermediate) = (1, 4, 2, 6)
        (options.vocabulary, options.positions) = (5, 3)
        let scope = ParameterScope()
        _ = BERTEncoder(scope["trunk"], options)
        return try ParameterArena(scope, seed: 1, on: CPUDevice())
    }

    /// Numbers that say which element of which shape they are; connected layers are `[outputs, inputs]`.
    private func foreign(_ arena: ParameterArena, prefix: String = "") -> [NamedTensor] {
        arena.namedTensors.enumerated().map { position, entry in
            let name = String(entry.name.dropFirst("trunk.".count))
            let isTransposed = entry.tensor.shape.rank == 2 && !name.hasSuffix("embeddings.weight")
            let shape = isTransposed ? [entry.tensor.shape[1], entry.tensor.shape[0]] : Array(entry.tensor.shape)
            let values = (0..<entry.tensor.count).map { Float(1000 * position + $0) }
            return NamedTensor(name: prefix + name, shape: shape, elements: .float32(values))
        }
    }

    private func write(_ tensors: [NamedTensor], _ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).safetensors").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try SafetensorsFile.write(tensors, to: path)
        try body(path)
    }

    @Test("weights are found with and without a prefix, transposed where layers are, and others are left aside", arguments: ["", "bert."])
    func reading(prefix: String) throws {
        let arena = try encoder()
        let pooler = NamedTensor(name: prefix + "pooler.dense.bias", shape: [4], elements: .float32([1, 2, 3, 4]))
        try write(foreign(arena, prefix: prefix) + [pooler]) { path in
            try WeightMapping.bert.apply(TensorArchives.open(path), to: arena, under: "trunk")
        }
        for (position, (name, tensor)) in arena.namedTensors.enumerated() {
            let values = try tensor.floats()
            let isTransposed = tensor.shape.rank == 2 && !name.hasSuffix("embeddings.weight")
            for (index, value) in values.enumerated() {
                let place = isTransposed
                    ? index % tensor.shape[1] * tensor.shape[0] + index / tensor.shape[1] : index
                #expect(value == Float(1000 * position + place), "\(name)")
            }
        }
    }

    @Test("a missing tensor or one of another shape is named, and nothing changes")
    func refusal() throws {
        let arena = try encoder()
        let before = try arena.values.floats()
        let all = foreign(arena)
        let name = "encoder.layer.0.intermediate.dense.weight"
        let wrong = NamedTensor(name: name, shape: [4, 6], elements: .float32(Array(repeating: 0, count: 24)))
        for tensors in [all.filter { $0.name != name }, all.map { $0.name == name ? wrong : $0 }] {
            try write(tensors) { path in
                let error = #expect(throws: CheckpointError.self) {
                    try WeightMapping.bert.apply(TensorArchives.open(path), to: arena, under: "trunk")
                }
                #expect(error.map { "\($0)".contains("intermediate.dense.weight") } ?? false, "\(String(describing: error))")
            }
        }
        #expect(try arena.values.floats() == before)
    }
}
