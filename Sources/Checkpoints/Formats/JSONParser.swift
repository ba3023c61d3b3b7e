/// Reads the part of JSON that safetensors files use: objects, strings and arrays of integers that are not negative.
struct JSONParser {
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

    /// Passes over a value of any kind, however deep; only strings and the balance of its brackets are checked.
    mutating func skipValue() throws(CheckpointError) {
        var depth = 0
        repeat {
            skipWhiteSpace()
            guard position < bytes.count else { throw failure(expected: "a value") }
            switch bytes[position] {
            case UInt8(ascii: "\""): _ = try parseString()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard depth > 0 else { throw failure(expected: "a value") }
                depth -= 1
                position += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                guard depth > 0 else { throw failure(expected: "a value") }
                position += 1
            default:
                let word = bytes[position...].prefix { JSONParser.isPartOfWord($0) }
                guard !word.isEmpty else { throw failure(expected: "a value") }
                position += word.count
            }
        } while depth > 0
    }

    /// Whether a byte belongs to a number, `true`, `false` or `null`.
    private static func isPartOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "E"): true
        default: false
        }
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
