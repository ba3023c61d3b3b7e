import Foundation

/// A file that `torch.save` wrote before PyTorch 1.6 (or later with `_use_new_zipfile_serialization=False`).
///
/// Five pickles follow each other: a signature, the version 1001, facts about the machine, the object itself, and the
/// list of its storages; then come the storages, each behind its number of elements. Nothing in the pickles is executed
/// (see ``PickleMachine``).
///
/// Source: `torch/serialization.py`, `_legacy_save`.
public struct PyTorchLegacyFile: TensorArchive {
    private static let format = "PyTorch, legacy"
    /// The first pickle: protocol 2 and the integer 0x1950a86a20f9469cfc6c.
    static let signature: [UInt8] = [
        0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    ]

    public let path: String
    public var format: String { PyTorchLegacyFile.format }
    /// In the order of the pickled dictionary.
    public let tensors: [TensorDescription]
    public let metadata: [String: String]
    private let file: Data
    private let elements: [StridedElements]
    /// The bytes of each tensor's storage.
    private let ranges: [Range<Int>]
    private let positions: [String: Int]

    /// Opens a file, and checks its pickles and where every tensor's elements lie.
    public init(path: String) throws(CheckpointError) {
        try self.init(path: path, file: FileSystem.map(path))
    }

    init(path: String, file: Data) throws(CheckpointError) {
        self.path = path
        self.file = file
        let format = PyTorchLegacyFile.format
        func malformed(_ problem: String) -> CheckpointError {
            .malformed(path: path, format: format, problem: problem)
        }
        guard file.starts(with: PyTorchLegacyFile.signature) else { throw malformed("it begins in another way") }

        let pickles = [UInt8](file.prefix(PickleMachine.maximumLength))
        var position = PyTorchLegacyFile.signature.count
        func next() throws(CheckpointError) -> (PickleMachine, PickleMachine.Value) {
            var machine = PickleMachine(pickles, at: position, path: path, format: format)
            let value = try machine.run()
            position = machine.position
            return (machine, value)
        }
        let version = try next().1
        guard version == .integer(1001) else {
            throw .unsupported(path: path, format: format, found: "version \(version)")
        }
        _ = try next()
        let (machine, root) = try next()
        let state = try PyTorchState(machine, root: root, path: path, format: format)
        let (keyMachine, keyList) = try next()

        let storages = Dictionary(uniqueKeysWithValues: state.storages.map { ($0.key, $0) })
        var places: [String: Range<Int>] = [:]
        for key in keyMachine.sequence(keyList) ?? [] {
            guard case .string(let key) = key, let storage = storages[key] else {
                throw malformed("it holds a storage that no tensor uses")
            }
            guard file.count - position >= 8 else { throw malformed("it ends before storage \(key)") }
            let count = file.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: position, as: Int64.self) }
            position += 8
            guard count == storage.count else {
                throw malformed("storage \(key) has \(count) elements, expected \(storage.count)")
            }
            let bytes = storage.count * storage.type.size
            guard bytes <= file.count - position else { throw malformed("it ends within storage \(key)") }
            guard places.updateValue(position..<position + bytes, forKey: key) == nil else {
                throw malformed("it holds storage \(key) twice")
            }
            position += bytes
        }
        guard position == file.count else { throw malformed("\(file.count - position) bytes follow the last storage") }

        var ranges: [Range<Int>] = []
        for entry in state.entries {
            guard let range = places[entry.storage.key] else {
                throw malformed("it lacks storage \(entry.storage.key) of tensor \"\(entry.tensor.name)\"")
            }
            ranges.append(range)
        }
        self.ranges = ranges
        tensors = state.entries.map(\.tensor)
        elements = state.entries.map(\.elements)
        metadata = state.metadata
        positions = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
    }

    public func position(of name: String) -> Int? { positions[name] }

    public func withUnsafeBytes<Result>(
        of name: String, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(CheckpointError) -> Result {
        guard let position = positions[name] else { throw missing(name) }
        return file.withUnsafeBytes { file in
            elements[position].withUnsafeBytes(of: UnsafeRawBufferPointer(rebasing: file[ranges[position]]), body)
        }
    }
}
