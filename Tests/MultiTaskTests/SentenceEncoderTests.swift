import Checkpoints
import Foundation
import MultiTask
import Networks
import TestDevices
import Testing

/// The pretrained encoder MiniLM, where it was fetched.
@Suite struct SentenceEncoderTests {
    /// `Assets/minilm` of the repository; nil, and a word about it, if it is not there.
    static let folder: String? = {
        let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = repository.appendingPathComponent("Assets/minilm").path
        if FileManager.default.fileExists(atPath: "\(folder)/model.safetensors") { return folder }
        print("SKIPPED: the test of the pretrained MiniLM; fetch it with scripts/fetch-weights.sh minilm")
        return nil
    }()

    @Test(
        "similar sentences have similar vectors, as published", .enabled(if: folder != nil, "MiniLM was not fetched"),
        arguments: TestDevice.available)
    func similarity(device: TestDevice) throws {
        let encoder = try SentenceEncoder(folder: try #require(SentenceEncoderTests.folder), on: device.make())
        let texts = ["A man is eating food.", "Someone eats a meal.", "The stock market fell."]
        let vectors = try encoder.embeddings(of: texts, batchSize: 2)
        func cosine(_ left: Int, _ right: Int) -> Float {
            zip(vectors[left], vectors[right]).reduce(0) { $0 + $1.0 * $1.1 }
        }
        #expect(abs(cosine(0, 0) - 1) < 1e-5)
        // Of sentence-transformers.
        #expect(abs(cosine(0, 1) - 0.761) < 1e-3)
        #expect(abs(cosine(0, 2) + 0.036) < 1e-3)
    }

    @Test("a folder without an encoder, and one of another model, are named")
    func wrongFolders() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("encoder-\(UUID().uuidString)").path
        #expect(throws: (any Error).self) { try SentenceEncoder.options(folder: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let configuration = """
            {"model_type": "roberta", "hidden_act": "gelu", "hidden_size": 8, "intermediate_size": 8,
             "num_hidden_layers": 1, "num_attention_heads": 1, "max_position_embeddings": 8, "vocab_size": 8,
             "layer_norm_eps": 1e-12}
            """
        try Data(configuration.utf8).write(to: URL(fileURLWithPath: "\(folder)/config.json"))
        #expect(
            throws: ModelError.invalidOption(model: "bert", option: "model_type", found: "roberta", expected: "bert")
        ) { try SentenceEncoder.options(folder: folder) }
    }
}
