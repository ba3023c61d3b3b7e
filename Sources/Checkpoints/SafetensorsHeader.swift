/// The JSON header of a safetensors file.
///
/// Read by a parser of its own: a general one would let names that occur twice and numbers that lost digits pass.
struct SafetensorsHeader {
    /// A tensor as the header describes it, unchecked.
    private struct Entry {
        var name: String
        var type: String
        var shape: [Int]
        var begin: Int
        var end: Int
    }

    private(set) var metadata: [String: String] = [:]
    private var entries: [Entry] = []

    init(parsing bytes: [UInt8], path: String) throws(CheckpointError) {
        var parser = JSONParser(bytes: bytes, path: path)
        var names: Set<String> = []
        try parser.parseObject { (name, parser) throws(CheckpointError) in
            guard names.insert(name).inserted else {
                throw .invalidTensor(path: path, tensor: name, problem: .duplicateName)
            }
            if name == SafetensorsHeader.metadataName {
                metadata = try SafetensorsHeader.parseMetadata(&parser)
            } else {
                entries.append(try SafetensorsHeader.parseEntry(named: name, &parser))
            }
        }
        try parser.parseEnd()
    }

    /// The name under which the header holds the metadata.
    static let metadataName = "__metadata__"

    private static func parseMetadata(_ parser: inout JSONParser) throws(CheckpointError) -> [String: String] {
        var metadata: [String: String] = [:]
        try parser.parseObject { (key, parser) throws(CheckpointError) in
            guard metadata[key] == nil else { throw parser.failure(expected: "another key than \"\(key)\" again") }
            metadata[key] = try parser.parseString()
        }
        return metadata
    }

    private static func parseEntry(named name: String, _ parser: inout JSONParser) throws(CheckpointError) -> Entry {
        var type: String?
        var shape: [Int]?
        var offsets: [Int]?
        try parser.parseObject { (key, parser) throws(CheckpointError) in
            switch key {
            case "dtype" where type == nil: type = try parser.parseString()
            case "shape" where shape == nil: shape = try parser.parseIntegers()
            case "data_offsets" where offsets == nil: offsets = try parser.parseIntegers()
            default:
                throw parser.failure(
                    expected: "\"dtype\", \"shape\" and \"data_offsets\" once each for tensor \"\(name)\", not \"\(key)\"")
            }
        }
        guard let type, let shape, let offsets else {
            throw parser.failure(expected: "\"dtype\", \"shape\" and \"data_offsets\" for tensor \"\(name)\"")
        }
        guard offsets.count == 2 else {
            throw parser.failure(expected: "two \"data_offsets\" for tensor \"\(name)\", found \(offsets.count)")
        }
        return Entry(name: name, type: type, shape: shape, begin: offsets[0], end: offsets[1])
    }

    /// The tensors in the order of their data, which they fill without gap or overlap.
    func validatedTensors(dataCount: Int, path: String) throws(CheckpointError) -> [SafetensorsFile.Tensor] {
        var tensors: [SafetensorsFile.Tensor] = []
        for entry in entries { tensors.append(try SafetensorsHeader.validated(entry, dataCount: dataCount, path: path)) }
        // Empty tensors may share their place with the one that follows.
        tensors.sort { ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound) }

        var end = 0
        for (position, tensor) in tensors.enumerated() {
            if tensor.bytes.lowerBound < end {
                throw .invalidTensor(
                    path: path, tensor: tensor.name, problem: .overlap(other: tensors[position - 1].name))
            }
            if tensor.bytes.lowerBound > end {
                throw .invalidFile(path: path, problem: .unusedBytes(end..<tensor.bytes.lowerBound))
            }
            end = tensor.bytes.upperBound
        }
        guard end == dataCount else { throw .invalidFile(path: path, problem: .unusedBytes(end..<dataCount)) }
        return tensors
    }

    private static func validated(
        _ entry: Entry, dataCount: Int, path: String
    ) throws(CheckpointError) -> SafetensorsFile.Tensor {
        func invalid(_ problem: CheckpointError.TensorProblem) -> CheckpointError {
            .invalidTensor(path: path, tensor: entry.name, problem: problem)
        }
        guard let type = SafetensorsFile.DataType(rawValue: entry.type) else { throw invalid(.unknownType(entry.type)) }
        guard entry.begin <= entry.end, entry.end <= dataCount else {
            throw invalid(.offsetsOutOfRange(begin: entry.begin, end: entry.end, available: dataCount))
        }
        var byteCount = type.size
        for extent in entry.shape {
            let (product, overflow) = byteCount.multipliedReportingOverflow(by: extent)
            guard !overflow else { throw invalid(.tooManyElements(shape: entry.shape)) }
            byteCount = product
        }
        guard entry.end - entry.begin == byteCount else {
            throw invalid(
                .wrongByteCount(
                    found: entry.end - entry.begin, expected: byteCount, type: entry.type, shape: entry.shape))
        }
        return SafetensorsFile.Tensor(
            name: entry.name, type: type, shape: entry.shape, bytes: entry.begin..<entry.end)
    }
}

/// Reads the part of JSON that a header consists of: objects, strings and arrays of integers that are not negative.
private struct JSONParser {
    private let bytes: [UInt8]
    private let path: String
    private var position = 0

    init(bytes: [UInt8], path: String) {
        self.bytes = bytes
        self.path = path
    }

    func failure(expected: String) -> CheckpointError {
        .invalidFile(path: path, problem: .header(offset: position, expected: expected))
    }

    /// Reads an object and calls `member` at the value of every key.
    mutating func parseObject(
        member: (String, inout JSONParser) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        try consume("{")
        if consumeIfPresent("}") { return }
        repeat {
            let key = try parseString()
            try consume(":")
            try member(key, &self)
        } while consumeIfPresent(",")
        try consume("}")
    }

    mutating func parseIntegers() throws(CheckpointError) -> [Int] {
        var integers: [Int] = []
        try consume("[")
        if consumeIfPresent("]") { return integers }
        repeat { integers.append(try parseInteger()) } while consumeIfPresent(",")
        try consume("]")
        return integers
    }

    private mutating func parseInteger() throws(CheckpointError) -> Int {
        skipWhiteSpace()
        let digits = bytes[position...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard let first = digits.first, digits.count == 1 || first != UInt8(ascii: "0"),
            let integer = Int(String(decoding: digits, as: UTF8.self))
        else { throw failure(expected: "an integer in 0..<2⁶³") }
        position += digits.count
        return integer
    }

    mutating func parseString() throws(CheckpointError) -> String {
        try consume("\"")
        let start = position
        var content: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: content, as: UTF8.self) else {
                    position = start
                    throw failure(expected: "a string in UTF-8")
                }
                position += 1
                return string
            case UInt8(ascii: "\\"):
                content += try parseEscape()
            case 0..<0x20:
                throw failure(expected: "an escape in place of a control character")
            default:
                content.append(byte)
                position += 1
            }
        }
        throw failure(expected: "the end of a string")
    }

    private mutating func parseEscape() throws(CheckpointError) -> [UInt8] {
        position += 1
        guard position < bytes.count else { throw failure(expected: "an escape") }
        let kind = bytes[position]
        position += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [kind]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return try Array(String(parseUnicodeScalar()).utf8)
        default:
            position -= 1
            throw failure(expected: "one of the escapes of JSON")
        }
    }

    /// Reads what follows `\u`: four hexadecimal digits, and a second such escape after a high surrogate.
    private mutating func parseUnicodeScalar() throws(CheckpointError) -> Unicode.Scalar {
        let first = try parseHexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        if (0xD800..<0xDC00).contains(first), bytes[position...].starts(with: Array("\\u".utf8)) {
            position += 2
            let second = try parseHexadecimal()
            if (0xDC00..<0xE000).contains(second),
                let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
            {
                return scalar
            }
        }
        throw failure(expected: "a pair of surrogates")
    }

    private mutating func parseHexadecimal() throws(CheckpointError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count, let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
                throw failure(expected: "four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    /// Only padding may follow the header's object.
    mutating func parseEnd() throws(CheckpointError) {
        skipWhiteSpace()
        guard position == bytes.count else { throw failure(expected: "nothing but spaces after the closing brace") }
    }

    private mutating func skipWhiteSpace() {
        while position < bytes.count, JSONParser.isWhiteSpace(bytes[position]) { position += 1 }
    }

    private static func isWhiteSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    private mutating func consume(_ character: Unicode.Scalar) throws(CheckpointError) {
        // A header's first byte is its brace, without white space before it.
        if position > 0 { skipWhiteSpace() }
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else {
            throw failure(expected: "\"\(character)\"")
        }
        position += 1
    }

    private mutating func consumeIfPresent(_ character: Unicode.Scalar) -> Bool {
        skipWhiteSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }
}
