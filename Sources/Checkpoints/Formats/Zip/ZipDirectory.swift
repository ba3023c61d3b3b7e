/// The directory at the end of a zip file, and the headers in front of the entries.
struct ZipDirectory {
    private let reader: ByteReader
    private let path: String
    private let format: String

    private static let endLength = 22
    private static let entryLength = 46
    private static let headerLength = 30
    private static let maximumCommentLength = Int(UInt16.max)

    init(bytes: UnsafeRawBufferPointer, path: String, format: String) {
        reader = ByteReader(bytes: bytes)
        self.path = path
        self.format = format
    }

    func entries() throws(CheckpointError) -> [ZipArchive.Entry] {
        let directory = try directory()
        var entries: [ZipArchive.Entry] = []
        var position = directory.range.lowerBound
        while position < directory.range.upperBound {
            entries.append(try entry(at: &position, dataEnd: directory.range.lowerBound))
        }
        guard position == directory.range.upperBound, entries.count == directory.count else {
            throw malformed("its directory lists \(entries.count) entries, expected \(directory.count)")
        }
        return entries
    }

    /// Where the directory lies, and how many entries it has.
    private func directory() throws(CheckpointError) -> (range: Range<Int>, count: Int) {
        let last = reader.bytes.count - ZipDirectory.endLength
        guard last >= 0 else { throw malformed("it has \(reader.bytes.count) bytes") }
        // The comment at the very end may have any length.
        let first = max(0, last - ZipDirectory.maximumCommentLength)
        let end = stride(from: last, through: first, by: -1).first { position in
            reader.integer(UInt32.self, at: position) == 0x0605_4B50
                && reader.count(UInt16.self, at: position + 20) == last - position
        }
        guard let end else { throw malformed("it has no directory at its end") }
        var count = reader.count(UInt16.self, at: end + 10)
        var size = reader.count(UInt32.self, at: end + 12)
        var start = reader.count(UInt32.self, at: end + 16)
        var directoryEnd = end
        // What does not fit into the fields stands in a second record, which a third one in front of this one locates.
        if reader.integer(UInt32.self, at: end - 20) == 0x0706_4B50 {
            guard let record = reader.count(UInt64.self, at: end - 12),
                reader.integer(UInt32.self, at: record) == 0x0606_4B50
            else { throw malformed("its directory cannot be located") }
            count = reader.count(UInt64.self, at: record + 32)
            size = reader.count(UInt64.self, at: record + 40)
            start = reader.count(UInt64.self, at: record + 48)
            directoryEnd = record
        }
        guard let count, let size, let start, start <= directoryEnd, size <= directoryEnd - start else {
            throw malformed("its directory lies outside of the file")
        }
        return (start..<start + size, count)
    }

    /// Reads an entry of the directory, moves behind it, and looks up where its bytes begin.
    private func entry(at position: inout Int, dataEnd: Int) throws(CheckpointError) -> ZipArchive.Entry {
        guard reader.integer(UInt32.self, at: position) == 0x0201_4B50,
            let flags = reader.integer(UInt16.self, at: position + 8),
            let method = reader.integer(UInt16.self, at: position + 10),
            let checksum = reader.integer(UInt32.self, at: position + 16),
            var compressed = reader.count(UInt32.self, at: position + 20),
            var size = reader.count(UInt32.self, at: position + 24),
            let nameLength = reader.count(UInt16.self, at: position + 28),
            let extraLength = reader.count(UInt16.self, at: position + 30),
            let commentLength = reader.count(UInt16.self, at: position + 32),
            var header = reader.count(UInt32.self, at: position + 42)
        else { throw malformed("its directory breaks off") }
        let nameStart = position + ZipDirectory.entryLength
        let extraStart = nameStart + nameLength
        let extraEnd = extraStart + extraLength
        guard extraEnd + commentLength <= reader.bytes.count else { throw malformed("its directory breaks off") }
        guard let name = String(validating: reader.bytes[nameStart..<extraStart], as: UTF8.self) else {
            throw malformed("the name of an entry is not UTF-8")
        }
        position = extraEnd + commentLength

        // Fields that are all ones have their values in the extra field 1, in this order.
        var wide = wideFields(in: extraStart..<extraEnd)
        func widen(_ value: inout Int) throws(CheckpointError) {
            guard value == Int(UInt32.max), wide != nil else { return }
            guard let next = wide?.first else { throw malformed("\"\(name)\" lacks a size") }
            wide?.removeFirst()
            value = next
        }
        try widen(&size)
        try widen(&compressed)
        try widen(&header)

        guard flags & 1 == 0 else { throw unsupported("the encrypted entry \"\(name)\"") }
        guard method == 0 || method == 8 else {
            throw unsupported("the entry \"\(name)\" compressed with method \(method), expected deflate or none")
        }
        guard reader.integer(UInt32.self, at: header) == 0x0403_4B50, header < dataEnd,
            let localName = reader.count(UInt16.self, at: header + 26),
            let localExtra = reader.count(UInt16.self, at: header + 28)
        else { throw malformed("\"\(name)\" is not where the directory says") }
        let start = header + ZipDirectory.headerLength + localName + localExtra
        guard start <= dataEnd, compressed <= dataEnd - start else {
            throw malformed("\"\(name)\" reaches beyond the entries")
        }
        return ZipArchive.Entry(
            name: name, isDeflated: method == 8, checksum: checksum, range: start..<start + compressed, size: size)
    }

    /// The values of the extra field 1; nil where there is none.
    private func wideFields(in range: Range<Int>) -> [Int]? {
        var position = range.lowerBound
        while position + 4 <= range.upperBound, let tag = reader.integer(UInt16.self, at: position),
            let length = reader.count(UInt16.self, at: position + 2)
        {
            let end = position + 4 + length
            if tag == 1, end <= range.upperBound {
                return stride(from: position + 4, through: end - 8, by: 8).compactMap { reader.count(UInt64.self, at: $0) }
            }
            position = end
        }
        return nil
    }

    private func malformed(_ problem: String) -> CheckpointError {
        .malformed(path: path, format: format, problem: problem)
    }

    private func unsupported(_ found: String) -> CheckpointError {
        .unsupported(path: path, format: format, found: found)
    }
}
