/// A column of texts in which every different text is kept once.
struct TextColumn: Sendable {
    let name: String
    /// The different texts, in the order of their first occurrence.
    let values: [String]
    /// By row, which of ``values`` stands there.
    let codes: [Int32]
}

/// The columns of a CSV file in memory: four bytes per row and column, and every different text once.
struct TextTable: Sendable {
    let path: String
    let columns: [TextColumn]
    let rowCount: Int
    /// Fields whose bytes were not UTF-8; 0 unless that is permitted.
    let repairedFields: Int

    /// Reads a file from its beginning to its end, once.
    ///
    /// - Parameters:
    ///   - names: of the columns, for files without a header; nil takes them from the first record.
    ///   - ignored: columns that are left out.
    ///   - optional: columns at the end of which files without a header may lack all: those of the targets.
    /// - Throws: ``DatasetError`` where the file is no CSV file, holds no records, or has other columns.
    init(
        path: String, format: CSVFormat, names: [String]?, ignored: Set<String>, optional: Set<String> = [],
        leniency: CSVReader.Leniency = []
    ) throws(DatasetError) {
        var reader = try CSVReader(path: path, format: format, leniency: leniency)
        guard try reader.next() else { throw .invalidFile(path: path, problem: .noRecords) }
        let names = try TextTable.columnNames(names, of: &reader, optional: optional)
        if let duplicate = names.indices.first(where: { names[..<$0].contains(names[$0]) }) {
            throw .invalidFile(path: path, problem: .duplicateColumn(name: names[duplicate]))
        }

        let kept = names.indices.filter { !ignored.contains(names[$0]) }
        var builders = kept.map { _ in TextColumnBuilder() }
        repeat {
            for (builder, field) in kept.enumerated() {
                builders[builder].append(reader.bytes, reader.range(of: field))
            }
        } while try reader.next()

        self.path = path
        columns = zip(kept, builders).map { TextColumn(name: names[$0], values: $1.values, codes: $1.codes) }
        rowCount = builders.first?.codes.count ?? 0
        repairedFields = reader.repairedFields
    }

    /// The names of the columns; afterwards the reader stands on the first record with values.
    private static func columnNames(
        _ names: [String]?, of reader: inout CSVReader, optional: Set<String>
    ) throws(DatasetError) -> [String] {
        let found = reader.ends.count
        guard let names else {
            let header = (0..<found).map { reader.text(of: $0) }
            guard try reader.next() else { throw .invalidFile(path: reader.path, problem: .noRecords) }
            return header
        }
        if found == names.count { return names }
        let required = names.filter { !optional.contains($0) }
        guard found == required.count else {
            let alternative = required.count == names.count ? "" : ", or \(required.count) without those of the targets"
            throw .invalidFile(
                path: reader.path,
                problem: .wrongColumnCount(found: found, expected: "\(names.count)\(alternative)"))
        }
        return required
    }

    /// The column of a name, or nil.
    func column(_ name: String) -> TextColumn? { columns.first { $0.name == name } }

    /// The column of a name, which must be there.
    func required(_ name: String) throws(DatasetError) -> TextColumn {
        guard let column = column(name) else {
            throw .invalidFile(path: path, problem: .unknownColumn(name: name, known: columns.map(\.name)))
        }
        return column
    }
}

/// Collects a column. A hash table over the texts' bytes spares a `String` per field.
private struct TextColumnBuilder {
    private(set) var values: [String] = []
    private(set) var codes: [Int32] = []
    /// The bytes of the values, one behind the other.
    private var pool: [UInt8] = []
    private var ends: [Int] = []
    private var hashes: [UInt64] = []
    /// Positions in ``values``, or -1; a power of two of them, at most half of them in use.
    private var slots = [Int32](repeating: -1, count: 64)

    mutating func append(_ bytes: [UInt8], _ range: Range<Int>) {
        let hash = TextColumnBuilder.hash(bytes, range)
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let value = Int(slots[slot])
            if hashes[value] == hash && holds(value, bytes, range) {
                codes.append(Int32(value))
                return
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = Int32(values.count)
        codes.append(Int32(values.count))
        values.append(String(decoding: bytes[range], as: UTF8.self))
        pool.append(contentsOf: bytes[range])
        ends.append(pool.count)
        hashes.append(hash)
        if values.count * 2 > slots.count { grow() }
    }

    private func holds(_ value: Int, _ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        let start = value == 0 ? 0 : ends[value - 1]
        guard ends[value] - start == range.count else { return false }
        for offset in 0..<range.count where pool[start + offset] != bytes[range.lowerBound + offset] { return false }
        return true
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        for (value, hash) in hashes.enumerated() {
            var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(value)
        }
    }

    /// FNV-1a with a last mixing, because the table uses the low bits.
    private static func hash(_ bytes: [UInt8], _ range: Range<Int>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in range { hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01B3 }
        return hash ^ hash >> 32
    }
}
