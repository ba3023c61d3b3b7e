import Foundation

/// An array that `numpy.save` wrote; its one tensor has the name of the file without extension.
public struct NumPyFile: TensorArchive {
    public let path: String
    public var format: String { NumPyHeader.format }
    public let tensors: [TensorDescription]
    public var metadata: [String: String] { [:] }
    private let file: Data
    private let header: NumPyHeader
    private let elements: StridedElements

    /// Opens a file and checks its header.
    public init(path: String) throws(CheckpointError) {
        try self.init(path: path, file: FileSystem.map(path))
    }

    init(path: String, file: Data) throws(CheckpointError) {
        self.path = path
        self.file = file
        header = try NumPyHeader(parsing: [UInt8](file.prefix(NumPyHeader.maximumLength)), of: "the array", path: path)
        guard file.count == header.length + header.byteCount, let elements = header.elements else {
            throw .malformed(
                path: path, format: NumPyHeader.format,
                problem: "it has \(file.count) bytes, expected \(header.length + header.byteCount)")
        }
        self.elements = elements
        let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
        tensors = [TensorDescription(name: name, type: header.type, shape: header.shape)]
    }

    public func position(of name: String) -> Int? { name == tensors[0].name ? 0 : nil }

    public func withUnsafeBytes<Result>(
        of name: String, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(CheckpointError) -> Result {
        guard name == tensors[0].name else { throw missing(name) }
        return file.withUnsafeBytes { file in
            elements.withUnsafeBytes(of: UnsafeRawBufferPointer(rebasing: file[header.length...]), body)
        }
    }
}
