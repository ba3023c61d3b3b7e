import Checkpoints
import Foundation
import Networks

/// The file `adapter_config.json` of the Python package `peft`, as far as it decides what low-rank adapters compute.
struct PEFTConfiguration: Codable {
    /// Names of layers, or one regular expression.
    enum Targets: Codable, Equatable {
        case names([String])
        case pattern(String)

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let pattern = try? value.decode(String.self) {
                self = .pattern(pattern)
            } else {
                self = .names(try value.decode([String].self))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var value = encoder.singleValueContainer()
            switch self {
            case .names(let names): try value.encode(names)
            case .pattern(let pattern): try value.encode(pattern)
            }
        }
    }

    var peftType = "LORA"
    var baseModel: String?
    var rank: Int
    var alpha: Float
    var dropout: Float? = 0
    var targets: Targets
    var bias: String? = "none"
    var inferenceMode: Bool? = true
    var fanInFanOut: Bool? = false
    var usesRankStabilization: Bool? = false
    var usesMagnitudes: Bool? = false
    var rankPattern: [String: Int]? = [:]
    var alphaPattern: [String: Float]? = [:]
    var savedModules: [String]?

    enum CodingKeys: String, CodingKey {
        case peftType = "peft_type"
        case baseModel = "base_model_name_or_path"
        case rank = "r"
        case alpha = "lora_alpha"
        case dropout = "lora_dropout"
        case targets = "target_modules"
        case bias
        case inferenceMode = "inference_mode"
        case fanInFanOut = "fan_in_fan_out"
        case usesRankStabilization = "use_rslora"
        case usesMagnitudes = "use_dora"
        case rankPattern = "rank_pattern"
        case alphaPattern = "alpha_pattern"
        case savedModules = "modules_to_save"
    }

    init(rank: Int, alpha: Float, dropout: Float, targets: Targets, baseModel: String?) {
        self.rank = rank
        self.alpha = alpha
        self.dropout = dropout
        self.targets = targets
        self.baseModel = baseModel
    }

    /// Reads a file and refuses what would be computed otherwise.
    init(path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { throw CheckpointError.missingFile(path: path) }
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        do {
            self = try JSONDecoder().decode(PEFTConfiguration.self, from: data)
        } catch let error as DecodingError {
            throw AdapterError.invalidConfiguration(path: path, reason: PEFTConfiguration.reason(of: error))
        }
        func require(_ isSupported: Bool, _ option: String, _ found: String, _ expected: String) throws {
            if isSupported { return }
            throw AdapterError.unsupported(path: path, option: option, found: found, expected: expected)
        }
        try require(peftType == "LORA", "peft_type", "\"\(peftType)\"", "\"LORA\"")
        try require(rank >= 1, "r", "\(rank)", "a rank of at least 1")
        try require(alpha > 0 && alpha.isFinite, "lora_alpha", "\(alpha)", "a number above 0")
        try require((0..<1).contains(dropout ?? 0), "lora_dropout", "\(dropout ?? 0)", "a probability below 1")
        try require(bias ?? "none" == "none", "bias", "\"\(bias ?? "")\"", "\"none\"")
        try require(fanInFanOut != true, "fan_in_fan_out", "true", "false")
        try require(usesMagnitudes != true, "use_dora", "true", "false")
        try require(rankPattern?.isEmpty ?? true, "rank_pattern", "\(rankPattern ?? [:])", "one rank for all layers")
        try require(alphaPattern?.isEmpty ?? true, "alpha_pattern", "\(alphaPattern ?? [:])", "one alpha for all layers")
        try require(savedModules?.isEmpty ?? true, "modules_to_save", "\(savedModules ?? [])", "none")
    }

    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(String(decoding: try encoder.encode(self), as: UTF8.self) + "\n", to: path)
    }

    private static func reason(of error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, _): "\"\(key.stringValue)\" is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "\"\(context.codingPath.map(\.stringValue).joined(separator: "."))\" is of another type"
        default: "it is no JSON"
        }
    }
}
