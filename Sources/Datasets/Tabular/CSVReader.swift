/// How the fields of a file are written.
public struct CSVFormat: Hashable, Sendable, Codable {
    /// One character of ASCII.
    public var separator: UInt8
    /// Whether spaces and tabulators around a field do not belong to it. RFC 4180 says they do.
    public var trimsSpaces: Bool

    public init(separator: UInt8 = UInt8(ascii: ","), trimsSpaces: Bool = false) {
        self.separator = separator
        self.trimsSpaces = trimsSpaces
    }
}

/// The records of a CSV file, one after the other; a gzip file is decompressed on the way.
///
/// Fields in double quotes may hold separators, line breaks and, doubled, quotes. Lines end with LF or CR LF, the last
/// one also without. Empty lines are skipped, and so is a byte-order mark. Every record must have as many fields as the
/// first one. Memory is bounded by the longest record.
///
/// (SwiftCSV, the library at hand, reads the whole file into one text and from there into an array of dictionaries.)
///
/// Source: RFC 4180.
package struct CSVReader {
    private static let quote = UInt8(ascii: "\"")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
    private static let blockSize = 1 << 18

    package let path: String
    /// Where the current record starts, from 1.
    package private(set) var line = 0
    /// The current record: its fields' bytes, one behind the other.
    package private(set) var bytes: [UInt8] = []
    /// Where each field ends.
    package private(set) var ends: [Int] = []

    /// Fields whose bytes were not UTF-8.
    package private(set) var repairedFields = 0

    private let format: CSVFormat
    private let leniency: Leniency
    private let stream: ByteStream
    private var block: [UInt8] = []
    private var position = 0
    private var nextLine = 1
    /// Fields of the first record.
    private var fieldCount: Int?

    /// What is taken as it is in files of texts that follow no standard.
    package struct Leniency: OptionSet, Sendable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }

        /// Quotes are characters like others, and a field cannot hold a separator or a line break.
        package static let plainQuotes = Leniency(rawValue: 1)
        /// Bytes that are not UTF-8 are replaced and counted.
        package static let invalidText = Leniency(rawValue: 2)
    }

    package init(path: String, format: CSVFormat, leniency: Leniency = []) throws(DatasetError) {
        self.path = path
        self.format = format
        self.leniency = leniency
        stream = try ByteStream(path: path)
        _ = try peek()
        if block.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// The bytes of a field of the current record.
    package func range(of field: Int) -> Range<Int> { (field == 0 ? 0 : ends[field - 1])..<ends[field] }

    /// The text of a field of the current record.
    package func text(of field: Int) -> String { String(decoding: bytes[range(of: field)], as: UTF8.self) }

    /// Reads the next record.
    ///
    /// - Returns: false at the end of the file.
    /// - Throws: ``DatasetError`` with the line where a record has another number of fields than the first one, quotes
    ///   do not fit, or the text is not UTF-8.
    package mutating func next() throws(DatasetError) -> Bool {
        repeat {
            guard try peek() != nil else { return false }
            line = nextLine
            bytes.removeAll(keepingCapacity: true)
            ends.removeAll(keepingCapacity: true)
            while try readField() {}
        } while ends.count == 1 && bytes.isEmpty
        try checkText()
        let expected = fieldCount ?? ends.count
        guard ends.count == expected else {
            throw failure(.raggedRecord(line: line, found: ends.count, expected: expected))
        }
        fieldCount = expected
        return true
    }

    /// Reads a field with what ends it.
    ///
    /// - Returns: whether the record goes on.
    private mutating func readField() throws(DatasetError) -> Bool {
        if format.trimsSpaces { try skipSpaces() }
        let next = try peek()
        let isQuoted = next == CSVReader.quote && !leniency.contains(.plainQuotes)
        if isQuoted { try readQuoted() } else { try readPlain() }
        if format.trimsSpaces {
            if isQuoted { try skipSpaces() } else { trimEnd() }
        }
        ends.append(bytes.count)
        switch try take() {
        case nil: return false
        case format.separator: return true
        case CSVReader.lineFeed:
            nextLine += 1
            return false
        case CSVReader.carriageReturn where try peek() == CSVReader.lineFeed:
            position += 1
            nextLine += 1
            return false
        default:
            throw failure(.misplacedQuote(line: nextLine, field: ends.count))
        }
    }

    /// Reads up to the separator or the end of the line.
    private mutating func readPlain() throws(DatasetError) {
        while try peek() != nil {
            var end = position
            while end < block.count {
                let byte = block[end]
                if byte == format.separator || byte == CSVReader.lineFeed || byte == CSVReader.carriageReturn
                    || (byte == CSVReader.quote && !leniency.contains(.plainQuotes))
                {
                    break
                }
                end += 1
            }
            bytes.append(contentsOf: block[position..<end])
            position = end
            guard position == block.count else { return }
        }
    }

    /// Reads from the opening quote past the closing one.
    private mutating func readQuoted() throws(DatasetError) {
        let opened = nextLine
        position += 1
        while let byte = try take() {
            if byte == CSVReader.quote {
                guard try peek() == CSVReader.quote else { return }
                position += 1
            } else if byte == CSVReader.lineFeed {
                nextLine += 1
            }
            bytes.append(byte)
        }
        throw failure(.unclosedQuote(line: opened))
    }

    private mutating func skipSpaces() throws(DatasetError) {
        while let byte = try peek(), CSVReader.isSpace(byte), byte != format.separator { position += 1 }
    }

    private mutating func trimEnd() {
        let start = ends.last ?? 0
        while bytes.count > start, let last = bytes.last, CSVReader.isSpace(last) { bytes.removeLast() }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    /// The next byte, which stays where it is; nil at the end of the file.
    private mutating func peek() throws(DatasetError) -> UInt8? {
        if position == block.count {
            block = try stream.read(atMost: CSVReader.blockSize)
            position = 0
            if block.isEmpty { return nil }
        }
        return block[position]
    }

    private mutating func take() throws(DatasetError) -> UInt8? {
        guard let byte = try peek() else { return nil }
        position += 1
        return byte
    }

    /// A character must not reach from one field into the next, so fields are checked one by one.
    private mutating func checkText() throws(DatasetError) {
        guard bytes.contains(where: { $0 >= 0x80 }) else { return }
        for field in ends.indices where String(validating: bytes[range(of: field)], as: UTF8.self) == nil {
            guard leniency.contains(.invalidText) else { throw failure(.notUTF8(line: line, field: field + 1)) }
            repairedFields += 1
        }
    }

    private func failure(_ problem: DatasetError.FileProblem) -> DatasetError {
        .invalidFile(path: path, problem: problem)
    }
}
