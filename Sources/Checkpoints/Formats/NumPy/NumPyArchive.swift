import Foundation

/// Arrays that `numpy.savez` or `numpy.savez_compressed` wrote: a zip of `.npy` files, under their names without the
/// extension.
public struct NumPyArchive: TensorArchive {
    static let format = "NumPy, zip"
    static let fileExtension = ".npy"

    public let path: String
    public var format: String { NumPyArchive.format }
    /// In the order of the zip's directory.
    public let tensors: [TensorDescription]
    public var metadata: [String: String] { [:] }
    private let zip: ZipArchive
    private let headers: [NumPyHeader]
    private let elements: [StridedElements]
    private let positions: [String: Int]

    /// Opens a file and checks the headers of its arrays.
    public init(path: String) throws(CheckpointError) {
        try self.init(ZipArchive(path: path, format: NumPyArchive.format, file: FileSystem.map(path)))
    }

    init(_ zip: ZipArchive) throws(CheckpointError) {
        self.zip = zip
        path = zip.path
        var tensors: [TensorDescription] = []
        var headers: [NumPyHeader] = []
        var elements: [StridedElements] = []
        for entry in zip.entries {
            guard entry.name.hasSuffix(NumPyArchive.fileExtension) else {
                throw .unsupported(path: zip.path, format: NumPyArchive.format, found: "the entry \"\(entry.name)\"")
            }
            let name = String(entry.name.dropLast(NumPyArchive.fileExtension.count))
            let header = try NumPyHeader(
                parsing: try zip.prefix(of: entry, atMost: NumPyHeader.maximumLength), of: "array \"\(name)\"",
                path: zip.path)
            guard entry.size == header.length + header.byteCount, let places = header.elements else {
                throw .malformed(
                    path: zip.path, format: NumPyArchive.format,
                    problem: "array \"\(name)\" has \(entry.size) bytes, expected \(header.length + header.byteCount)")
            }
            tensors.append(TensorDescription(name: name, type: header.type, shape: header.shape))
            headers.append(header)
            elements.append(places)
        }
        self.tensors = tensors
        self.headers = headers
        self.elements = elements
        positions = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
    }

    public func position(of name: String) -> Int? { positions[name] }

    public func withUnsafeBytes<Result>(
        of name: String, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(CheckpointError) -> Result {
        guard let position = positions[name] else { throw missing(name) }
        return try zip.withUnsafeBytes(of: zip.entries[position]) { content in
            let data = UnsafeRawBufferPointer(rebasing: content[headers[position].length...])
            return elements[position].withUnsafeBytes(of: data, body)
        }
    }
}
