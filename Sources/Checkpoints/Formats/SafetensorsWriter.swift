/// A tensor to be written to a file.
public struct NamedTensor: Hashable, Sendable {
    /// The elements in row-major order.
    public enum Elements: Hashable, Sendable {
        case float32([Float])
        case int32([Int32])
        case int64([Int64])

        var count: Int {
            switch self {
            case .float32(let values): values.count
            case .int32(let values): values.count
            case .int64(let values): values.count
            }
        }

        /// Larger elements come first, so that every tensor is aligned to its elements.
        var writingRank: Int {
            switch self {
            case .int64: 0
            case .float32: 1
            case .int32: 2
            }
        }

        var type: DataType {
            switch self {
            case .float32: .float32
            case .int32: .int32
            case .int64: .int64
            }
        }
    }

    public let name: String
    public let shape: [Int]
    public let elements: Elements

    /// - Precondition: `elements` fill `shape` exactly.
    public init(name: String, shape: [Int], elements: Elements) {
        precondition(
            shape.allSatisfy { $0 >= 0 } && shape.reduce(1, *) == elements.count,
            "tensor \"\(name)\": \(elements.count) elements for shape \(shape)")
        self.name = name
        self.shape = shape
        self.elements = elements
    }
}

extension SafetensorsFile {
    /// Writes tensors to a file, which takes the place of an older one in a single step (see ``AtomicFile``).
    ///
    /// The same tensors and metadata give the same bytes: tensors are ordered as the Python package does, by falling size
    /// of their elements and then by name, metadata by key.
    public static func write(
        _ tensors: [NamedTensor], metadata: [String: String] = [:], to path: String
    ) throws(CheckpointError) {
        var names: Set<String> = []
        for tensor in tensors {
            guard tensor.name != SafetensorsHeader.metadataName else {
                throw .invalidTensor(path: path, tensor: tensor.name, problem: .reservedName)
            }
            guard names.insert(tensor.name).inserted else {
                throw .invalidTensor(path: path, tensor: tensor.name, problem: .duplicateName)
            }
        }
        let ordered = tensors.sorted { first, second in
            first.elements.writingRank != second.elements.writingRank
                ? first.elements.writingRank < second.elements.writingRank
                : first.name.utf8.lexicographicallyPrecedes(second.name.utf8)
        }
        let header = SafetensorsHeader.encoded(ordered, metadata: metadata)
        try AtomicFile.write(to: path) { (file) throws(CheckpointError) in
            try file.append([UInt64(header.count).littleEndian])
            try file.append(header)
            for tensor in ordered {
                switch tensor.elements {
                case .float32(let values): try file.append(values)
                case .int32(let values): try file.append(values)
                case .int64(let values): try file.append(values)
                }
            }
        }
    }
}

extension SafetensorsHeader {
    /// The header in compact JSON, padded with spaces to a multiple of eight bytes.
    fileprivate static func encoded(_ tensors: [NamedTensor], metadata: [String: String]) -> [UInt8] {
        var members: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
                .map { "\(quoted($0.key)):\(quoted($0.value))" }
            members.append("\(quoted(metadataName)):{\(pairs.joined(separator: ","))}")
        }
        var offset = 0
        for tensor in tensors {
            let type = tensor.elements.type
            let end = offset + tensor.elements.count * type.size
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            members.append(
                #"\#(quoted(tensor.name)):{"dtype":"\#(type.rawValue)","shape":[\#(shape)],"data_offsets":[\#(offset),\#(end)]}"#)
            offset = end
        }
        let header = Array("{\(members.joined(separator: ","))}".utf8)
        return header + [UInt8](repeating: UInt8(ascii: " "), count: -header.count & 7)
    }

    private static func quoted(_ string: String) -> String {
        var result = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{08}": result += "\\b"
            case "\u{0C}": result += "\\f"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\0"..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
