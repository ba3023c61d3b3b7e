import Foundation

#if _endian(big)
    #error("The format is little-endian, and elements are copied as they are")
#endif

/// A file of named tensors in the safetensors format, mapped into memory.
///
/// Opening reads and checks the header alone; elements are read when they are asked for. A file that breaks a rule of the
/// format (an offset out of range, tensors that overlap or leave gaps, a name that occurs twice …) is refused as a whole.
///
/// Source: <https://github.com/huggingface/safetensors>, "Format".
public struct SafetensorsFile: Sendable {
    /// The types of elements, named as in the file.
    public enum DataType: String, Hashable, Sendable, CaseIterable {
        case bool = "BOOL"
        case uint8 = "U8"
        case int8 = "I8"
        case int16 = "I16"
        case uint16 = "U16"
        case float16 = "F16"
        case bfloat16 = "BF16"
        case int32 = "I32"
        case uint32 = "U32"
        case float32 = "F32"
        case float64 = "F64"
        case int64 = "I64"
        case uint64 = "U64"

        /// Bytes of an element.
        public var size: Int {
            switch self {
            case .bool, .uint8, .int8: 1
            case .int16, .uint16, .float16, .bfloat16: 2
            case .int32, .uint32, .float32: 4
            case .float64, .int64, .uint64: 8
            }
        }
    }

    /// What the header says about a tensor.
    public struct Tensor: Hashable, Sendable {
        public let name: String
        public let type: DataType
        /// Extents, outermost axis first; empty for a scalar.
        public let shape: [Int]
        /// Where the elements lie, counted from the beginning of the data.
        public let bytes: Range<Int>
    }

    /// Longer headers are refused, as the reference implementation does.
    public static let maximumHeaderLength = 100_000_000

    public let path: String
    /// The tensors in the order of their data.
    public let tensors: [Tensor]
    /// What the writer noted, such as the framework's name.
    public let metadata: [String: String]
    private let file: Data
    private let dataStart: Int
    private let positions: [String: Int]

    /// Opens a file and checks its header.
    public init(path: String) throws(CheckpointError) {
        guard FileManager.default.fileExists(atPath: path) else { throw .missingFile(path: path) }
        do {
            file = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        } catch {
            let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
            throw .system(call: "reading", path: path, code: Int32(underlying?.code ?? Int(EIO)))
        }
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
        tensors = try header.validatedTensors(dataCount: file.count - dataStart, path: path)
        positions = Dictionary(uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
    }

    /// - Throws: ``CheckpointError/missingTensor(path:tensor:known:)``.
    public func tensor(named name: String) throws(CheckpointError) -> Tensor {
        guard let position = positions[name] else {
            throw .missingTensor(path: path, tensor: name, known: tensors.map(\.name))
        }
        return tensors[position]
    }

    /// Lends the elements of a tensor as they are in the file: little-endian, row-major, aligned to nothing.
    public func withUnsafeBytes<Result>(
        of name: String, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(CheckpointError) -> Result {
        let tensor = try tensor(named: name)
        return file.withUnsafeBytes { file in
            let start = dataStart + tensor.bytes.lowerBound
            return body(UnsafeRawBufferPointer(rebasing: file[start..<start + tensor.bytes.count]))
        }
    }

    /// The elements of a tensor of floating-point numbers.
    ///
    /// Elements of type `F16` and `BF16` are widened exactly; those of type `F64` are rounded to the nearest, and become
    /// infinite beyond the range of `Float`.
    ///
    /// - Throws: ``CheckpointError/wrongType(path:tensor:found:expected:)`` for integers.
    public func floats(of name: String) throws(CheckpointError) -> [Float] {
        let type = try tensor(named: name).type
        switch type {
        case .float32: return try elements(of: name, as: Float.self) { $0 }
        case .float16: return try elements(of: name, as: UInt16.self) { Float(Float16(bitPattern: $0)) }
        case .bfloat16: return try elements(of: name, as: UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
        case .float64: return try elements(of: name, as: Double.self) { Float($0) }
        case .bool, .uint8, .int8, .int16, .uint16, .int32, .uint32, .int64, .uint64:
            throw .wrongType(
                path: path, tensor: name, found: type.rawValue, expected: "F32, F16, BF16 or F64")
        }
    }

    /// The elements of a tensor of integers or truth values (0 and 1).
    ///
    /// - Throws: ``CheckpointError/wrongType(path:tensor:found:expected:)`` for floating-point numbers and `U64`.
    public func integers(of name: String) throws(CheckpointError) -> [Int64] {
        let type = try tensor(named: name).type
        switch type {
        case .bool, .uint8: return try elements(of: name, as: UInt8.self) { Int64($0) }
        case .int8: return try elements(of: name, as: Int8.self) { Int64($0) }
        case .int16: return try elements(of: name, as: Int16.self) { Int64($0) }
        case .uint16: return try elements(of: name, as: UInt16.self) { Int64($0) }
        case .int32: return try elements(of: name, as: Int32.self) { Int64($0) }
        case .uint32: return try elements(of: name, as: UInt32.self) { Int64($0) }
        case .int64: return try elements(of: name, as: Int64.self) { $0 }
        case .float16, .bfloat16, .float32, .float64, .uint64:
            throw .wrongType(
                path: path, tensor: name, found: type.rawValue,
                expected: "I64, I32, I16, I8, U32, U16, U8 or BOOL")
        }
    }

    private func elements<Stored: BitwiseCopyable, Element>(
        of name: String, as type: Stored.Type, _ convert: (Stored) -> Element
    ) throws(CheckpointError) -> [Element] {
        try withUnsafeBytes(of: name) { bytes in
            (0..<bytes.count / MemoryLayout<Stored>.size).map { index in
                convert(bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Stored>.size, as: Stored.self))
            }
        }
    }
}
