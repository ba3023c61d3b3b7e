import Foundation

/// A file of named tensors in the safetensors format, mapped into memory.
///
/// Opening reads and checks the header alone; elements are read when they are asked for. A file that breaks a rule of the
/// format (an offset out of range, tensors that overlap or leave gaps, a name that occurs twice …) is refused as a whole.
///
/// Source: <https://github.com/huggingface/safetensors>, "Format".
public struct SafetensorsFile: TensorArchive {
    /// Longer headers are refused, as the reference implementation does.
    public static let maximumHeaderLength = 100_000_000

    public let path: String
    public var format: String { "safetensors" }
    /// The tensors in the order of their data.
    public let tensors: [TensorDescription]
    /// What the writer noted, such as the framework's name.
    public let metadata: [String: String]
    private let file: Data
    private let dataStart: Int
    /// Where the elements of each tensor lie, counted from the beginning of the data.
    private let ranges: [Range<Int>]
    private let positions: [String: Int]

    /// Opens a file and checks its header.
    public init(path: String) throws(CheckpointError) {
        try self.init(path: path, file: FileSystem.map(path))
    }

    init(path: String, file: Data) throws(CheckpointError) {
        self.file = file
        self.path = path

        let headerStart = 8
        guard file.count >= headerStart else {
            throw .invalidFile(path: path, problem: .tooShort(found: file.count))
        }
        let length = UInt64(littleEndian: file.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
        let available = file.count - headerStart
        guard length <= available else {
            throw .invalidFile(path: path, problem: .headerBeyondEnd(length: length, available: available))
        }
        guard length <= SafetensorsFile.maximumHeaderLength else {
            throw .invalidFile(
                path: path,
                problem: .headerTooLong(length: length, limit: SafetensorsFile.maximumHeaderLength))
        }
        dataStart = headerStart + Int(length)
        let header = try SafetensorsHeader(parsing: [UInt8](file[headerStart..<dataStart]), path: path)
        metadata = header.metadata
        let placed = try header.validatedTensors(dataCount: file.count - dataStart, path: path)
        tensors = placed.map(\.tensor)
        ranges = placed.map(\.bytes)
        positions = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
    }

    public func position(of name: String) -> Int? { positions[name] }

    public func withUnsafeBytes<Result>(
        of name: String, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(CheckpointError) -> Result {
        guard let position = positions[name] else { throw missing(name) }
        return file.withUnsafeBytes { file in
            let start = dataStart + ranges[position].lowerBound
            return body(UnsafeRawBufferPointer(rebasing: file[start..<start + ranges[position].count]))
        }
    }
}
