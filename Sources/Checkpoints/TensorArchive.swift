import Foundation

#if _endian(big)
    #error("The formats are little-endian, and elements are copied as they are")
#endif

/// A file of named tensors, whatever its format.
///
/// Opening reads and checks what the file says about its tensors; elements are read when they are asked for. Whatever the
/// format stores, tensors come out in row-major order: strides of PyTorch and Fortran's order of NumPy are undone.
///
/// ``TensorArchives/open(_:)`` tells the format from the content.
public protocol TensorArchive: Sendable {
    var path: String { get }
    /// What the format is called, as in `PyTorch, zip`.
    var format: String { get }
    /// The tensors that the file holds; no name occurs twice.
    var tensors: [TensorDescription] { get }
    /// What the writer noted.
    var metadata: [String: String] { get }

    /// The place of a tensor in ``tensors``, or nil where the file holds none of this name.
    func position(of name: String) -> Int?

    /// Lends the elements of a tensor: little-endian, row-major, aligned to nothing.
    ///
    /// - Throws: ``CheckpointError/missingTensor(path:tensor:known:)``, and whatever is wrong with the elements.
    func withUnsafeBytes<Result>(
        of name: String, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(CheckpointError) -> Result
}

/// What a file says about a tensor.
public struct TensorDescription: Hashable, Sendable {
    public let name: String
    public let type: DataType
    /// Extents, outermost axis first; empty for a scalar.
    public let shape: [Int]

    public init(name: String, type: DataType, shape: [Int]) {
        self.name = name
        self.type = type
        self.shape = shape
    }

    /// Number of elements.
    public var count: Int { shape.reduce(1, *) }
    /// Bytes of all elements.
    public var byteCount: Int { count * type.size }
}

/// The types of elements, named as in safetensors files.
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

    /// The bytes of this many elements, or nil where an extent is negative or no memory holds them.
    func byteCount(of shape: [Int]) -> Int? {
        // An extent of zero makes the product small whatever the others are, so the others are multiplied alone first.
        var count = size
        for extent in shape where extent != 0 {
            guard extent > 0 else { return nil }
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            guard !overflow else { return nil }
            count = product
        }
        return shape.contains(0) ? 0 : count
    }
}

extension TensorArchive {
    /// Looks through all tensors; readers of files keep a table.
    public func position(of name: String) -> Int? { tensors.firstIndex { $0.name == name } }

    /// - Throws: ``CheckpointError/missingTensor(path:tensor:known:)``.
    public func tensor(named name: String) throws(CheckpointError) -> TensorDescription {
        guard let position = position(of: name) else { throw missing(name) }
        return tensors[position]
    }

    func missing(_ name: String) -> CheckpointError {
        .missingTensor(path: path, tensor: name, known: tensors.map(\.name))
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
