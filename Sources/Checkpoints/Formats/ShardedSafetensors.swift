import Foundation

/// Tensors in several safetensors files, opened through the index `model.safetensors.index.json` beside them.
///
/// The index must name exactly the tensors that the files hold. Files are named without folders: an index cannot reach
/// outside its own.
///
/// Source: <https://huggingface.co/docs/transformers/big_models>, "Sharded checkpoints".
public struct ShardedSafetensors: TensorArchive {
    private static let format = "safetensors index"
    /// Longer indexes are refused.
    private static let maximumLength = SafetensorsFile.maximumHeaderLength

    public let path: String
    public var format: String { ShardedSafetensors.format }
    /// The tensors of the first file in the order of their data, then those of the second …
    public let tensors: [TensorDescription]
    /// What the writers of the files noted.
    public let metadata: [String: String]
    private let shards: [SafetensorsFile]
    /// The number of the file that holds each tensor.
    private let shardNumbers: [Int]
    private let positions: [String: Int]

    /// Opens an index and all files that it names.
    public init(path: String) throws(CheckpointError) {
        self.path = path
        let index = try ShardedSafetensors.readIndex(path)
        var shards: [SafetensorsFile] = []
        var tensors: [TensorDescription] = []
        var metadata: [String: String] = [:]
        var numbers: [Int] = []
        var positions: [String: Int] = [:]
        for (number, name) in Set(index.values).sorted().enumerated() {
            guard ShardedSafetensors.isPlainName(name) else {
                throw .malformed(
                    path: path, format: ShardedSafetensors.format,
                    problem: "it names the file \"\(name)\", expected the name of a file in the same folder")
            }
            let shard = try SafetensorsFile(path: FileSystem.folder(of: path) + "/" + name)
            for tensor in shard.tensors {
                guard index[tensor.name] == name else {
                    throw .malformed(
                        path: path, format: ShardedSafetensors.format,
                        problem: "\(name) holds tensor \"\(tensor.name)\", which the index "
                            + (index[tensor.name].map { "expects in \($0)" } ?? "does not name"))
                }
                positions[tensor.name] = tensors.count
                tensors.append(tensor)
                numbers.append(number)
            }
            metadata.merge(shard.metadata) { first, _ in first }
            shards.append(shard)
        }
        if let (tensor, name) = index.sorted(by: { $0.key < $1.key }).first(where: { positions[$0.key] == nil }) {
            throw .malformed(
                path: path, format: ShardedSafetensors.format,
                problem: "it expects tensor \"\(tensor)\" in \(name), which does not hold it")
        }
        self.shards = shards
        self.tensors = tensors
        self.metadata = metadata
        self.positions = positions
        shardNumbers = numbers
    }

    public func position(of name: String) -> Int? { positions[name] }

    public func withUnsafeBytes<Result>(
        of name: String, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(CheckpointError) -> Result {
        guard let position = positions[name] else { throw missing(name) }
        return try shards[shardNumbers[position]].withUnsafeBytes(of: name, body)
    }

    private static func isPlainName(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && !name.contains { $0 == "/" || $0 == "\0" }
    }

    /// The name of the file of every tensor.
    private static func readIndex(_ path: String) throws(CheckpointError) -> [String: String] {
        let file = try FileSystem.map(path)
        guard file.count <= maximumLength else {
            throw .malformed(
                path: path, format: format, problem: "it has \(file.count) bytes, expected at most \(maximumLength)")
        }
        var parser = JSONParser(bytes: [UInt8](file), path: path)
        var index: [String: String]?
        do throws(CheckpointError) {
            try parser.parseObject { (key, parser) throws(CheckpointError) in
                guard key == "weight_map", index == nil else { return try parser.skipValue() }
                var files: [String: String] = [:]
                try parser.parseObject { (tensor, parser) throws(CheckpointError) in
                    let name = try parser.parseString()
                    guard files.updateValue(name, forKey: tensor) == nil else {
                        throw .invalidTensor(path: path, tensor: tensor, problem: .duplicateName)
                    }
                }
                index = files
            }
            try parser.parseEnd()
        } catch .invalidFile(_, .header(let offset, let expected)) {
            throw .malformed(path: path, format: format, problem: "byte \(offset): expected \(expected)")
        }
        guard let index else {
            throw .malformed(path: path, format: format, problem: "it has no \"weight_map\"")
        }
        return index
    }
}
