import Checkpoints
import Compute
import Datasets
import Foundation
import Networks
import Tensors

/// A pretrained BERT encoder with its tokenizer: texts become vectors.
///
/// Reads a folder as Hugging Face lays it out: `config.json`, `vocab.txt`, `model.safetensors` and, if it is there,
/// `sentence_bert_config.json` with the longest text that the model is meant for.
///
/// Source: Reimers, Gurevych, "Sentence-BERT", EMNLP 2019.
public struct SentenceEncoder {
    public let tokenizer: WordPieceTokenizer
    public let encoder: BERTEncoder
    public let arena: ParameterArena

    /// What is used of `config.json`.
    private struct Configuration: Decodable {
        let model_type: String
        let hidden_act: String
        let hidden_size: Int
        let intermediate_size: Int
        let num_hidden_layers: Int
        let num_attention_heads: Int
        let max_position_embeddings: Int
        let vocab_size: Int
        let layer_norm_eps: Float
    }

    private struct Limits: Decodable {
        let max_seq_length: Int?
    }

    /// The sizes of the encoder in a folder.
    ///
    /// - Throws: ``DatasetError`` where the configuration cannot be read, `ModelError` where it is of another model.
    public static func options(folder: String) throws -> BERTEncoder.Options {
        let path = "\(folder)/config.json"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw DatasetError.missingFile(path: path, advice: "Name the folder of a BERT encoder.")
        }
        let found: Configuration
        do {
            found = try JSONDecoder().decode(Configuration.self, from: data)
        } catch {
            throw DatasetError.unreadableFile(path: path, reason: "it is not the configuration of a BERT encoder")
        }
        for (option, value, expected) in [
            ("model_type", found.model_type, "bert"), ("hidden_act", found.hidden_act, "gelu"),
        ] where value != expected {
            throw ModelError.invalidOption(model: "bert", option: option, found: value, expected: expected)
        }
        var options = BERTEncoder.Options()
        options.layers = found.num_hidden_layers
        options.hidden = found.hidden_size
        options.heads = found.num_attention_heads
        options.intermediate = found.intermediate_size
        options.vocabulary = found.vocab_size
        options.positions = found.max_position_embeddings
        options.epsilon = found.layer_norm_eps
        return options
    }

    /// - Parameters:
    ///   - normalizes: whether vectors have the length 1.
    ///   - maximumLength: tokens of a text at most; nil takes what the model is meant for.
    /// - Throws: what is wrong with the files, or what the device throws.
    public init(
        folder: String, normalizes: Bool = true, maximumLength: Int? = nil, on device: any Device
    ) throws {
        var options = try SentenceEncoder.options(folder: folder)
        options.normalizes = normalizes
        let limits = FileManager.default.contents(atPath: "\(folder)/sentence_bert_config.json")
            .flatMap { try? JSONDecoder().decode(Limits.self, from: $0) }
        let scope = ParameterScope()
        let trunk = try ModelRegistry.trunk(
            named: "bert", options: ModelOptions(encoder: options), sampleShape: [options.positions],
            in: scope["trunk"])
        guard let encoder = trunk as? BERTEncoder else { preconditionFailure("the model \"bert\" is no BERTEncoder") }
        tokenizer = try WordPieceTokenizer(
            vocabulary: "\(folder)/vocab.txt",
            maximumLength: min(options.positions, maximumLength ?? limits?.max_seq_length ?? options.positions))
        self.encoder = encoder
        arena = try ParameterArena(scope, seed: 0, on: device)
        try WeightMapping.bert.apply(TensorArchives.open("\(folder)/model.safetensors"), to: arena, under: "trunk")
    }

    /// The vectors of texts, in their order.
    ///
    /// Texts of similar lengths share a batch. Padding costs nothing, but the attention takes its turns by the longest.
    ///
    /// - Parameter batchSize: texts that are encoded at a time.
    public func embeddings(of texts: [String], batchSize: Int = 64) throws -> [[Float]] {
        let tokens = texts.map(tokenizer.encode)
        let order = tokens.indices.sorted { (tokens[$0].count, $0) < (tokens[$1].count, $1) }
        var result = [[Float]](repeating: [], count: texts.count)
        let width = encoder.featureCount
        for start in stride(from: 0, to: order.count, by: batchSize) {
            let batch = order[start..<min(start + batchSize, order.count)]
            let input = TokenBatch.padded(batch.map { tokens[$0] })
            let values = try encoder(
                Tensor(input, on: arena.device), in: ForwardContext(arena, mode: .evaluation)
            ).floats()
            for (row, text) in batch.enumerated() { result[text] = Array(values[row * width..<(row + 1) * width]) }
        }
        return result
    }
}
