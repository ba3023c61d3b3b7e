import Foundation

/// A file that `torch.save` writes since PyTorch 1.6: a zip with the pickled object in `data.pkl` and each storage in an
/// entry `data/KEY`.
///
/// Nothing in the pickle is executed (see ``PickleMachine``). Programs of TorchScript look alike, but name their own
/// classes, and are refused for that.
///
/// Source: `torch/serialization.py`, `_save`.
public struct PyTorchZipFile: TensorArchive {
    private static let format = "PyTorch, zip"
    static let pickleName = "data.pkl"

    public let path: String
    public var format: String { PyTorchZipFile.format }
    /// In the order of the pickled dictionary.
    public let tensors: [TensorDescription]
    public let metadata: [String: String]
    private let zip: ZipArchive
    private let elements: [StridedElements]
    /// The entry of each tensor's storage.
    private let storages: [ZipArchive.Entry]
    private let positions: [String: Int]

    /// Opens a file, and checks its pickle and where every tensor's elements lie.
    public init(path: String) throws(CheckpointError) {
        try self.init(ZipArchive(path: path, format: PyTorchZipFile.format, file: FileSystem.map(path)))
    }

    init(_ zip: ZipArchive) throws(CheckpointError) {
        self.zip = zip
        path = zip.path
        let (path, format) = (zip.path, PyTorchZipFile.format)
        func malformed(_ problem: String) -> CheckpointError {
            .malformed(path: path, format: format, problem: problem)
        }
        guard let pickle = zip.entries.first(where: { $0.name.hasSuffix("/" + PyTorchZipFile.pickleName) }) else {
            throw malformed("it has no entry \(PyTorchZipFile.pickleName)")
        }
        guard pickle.size <= PickleMachine.maximumLength else {
            throw .unsupported(path: path, format: format, found: "a pickle of \(pickle.size) bytes")
        }
        let root = pickle.name.dropLast(PyTorchZipFile.pickleName.count)
        let entries = Dictionary(uniqueKeysWithValues: zip.entries.map { ($0.name, $0) })
        if let order = entries[root + "byteorder"], try zip.prefix(of: order, atMost: 16) != Array("little".utf8) {
            throw .unsupported(path: path, format: format, found: "numbers that are not little-endian")
        }

        let bytes = try zip.withUnsafeBytes(of: pickle) { [UInt8]($0) }
        var machine = PickleMachine(bytes, path: path, format: format)
        let object = try machine.run()
        let state = try PyTorchState(machine, root: object, path: path, format: format)

        var storages: [ZipArchive.Entry] = []
        for entry in state.entries {
            guard let storage = entries[root + "data/" + entry.storage.key] else {
                throw malformed("it lacks storage \(entry.storage.key) of tensor \"\(entry.tensor.name)\"")
            }
            let expected = entry.storage.count * entry.storage.type.size
            guard storage.size == expected else {
                throw malformed("storage \(entry.storage.key) has \(storage.size) bytes, expected \(expected)")
            }
            storages.append(storage)
        }
        self.storages = storages
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
        return try zip.withUnsafeBytes(of: storages[position]) { elements[position].withUnsafeBytes(of: $0, body) }
    }
}
