import CZlib
import Foundation

/// The entries of a zip file, stored or deflated, with the extensions for files beyond 4 GiB.
///
/// Sizes are believed only within what deflating can reach and what weights need: a small file cannot ask for much
/// memory, and no two entries may share bytes.
///
/// Source: PKWARE's APPNOTE 6.3.10; Fifield, "A better zip bomb", 2019.
struct ZipArchive: Sendable {
    struct Entry: Hashable, Sendable {
        let name: String
        let isDeflated: Bool
        /// 0 where the writer left it out, as PyTorch can be told to.
        let checksum: UInt32
        /// Where the stored or deflated bytes lie in the file.
        let range: Range<Int>
        /// Bytes after inflating.
        let size: Int
    }

    /// Deflate makes no more than this out of one byte.
    private static let maximumRatio = 1032
    /// All deflated entries together may have this many bytes, or that many times those of the file.
    private static let inflatedAllowance = 1 << 28
    private static let inflatedRatio = 64

    static let signature: [UInt8] = [0x50, 0x4B, 0x03, 0x04]
    /// The beginning of a file without entries.
    static let emptySignature: [UInt8] = [0x50, 0x4B, 0x05, 0x06]

    let path: String
    let format: String
    let file: Data
    /// In the order of the directory.
    let entries: [Entry]

    init(path: String, format: String, file: Data) throws(CheckpointError) {
        self.path = path
        self.format = format
        self.file = file
        // Data's closures throw errors of any type.
        let listed = file.withUnsafeBytes { bytes in
            Result { () throws(CheckpointError) in
                try ZipDirectory(bytes: bytes, path: path, format: format).entries()
            }
        }
        entries = try listed.get()
        try checkSizes()
    }

    /// Refuses entries that share bytes, or would become larger than they may.
    private func checkSizes() throws(CheckpointError) {
        var names: Set<String> = []
        var end = 0
        var inflated = 0
        let byPlace = entries.sorted {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
        for entry in byPlace {
            guard names.insert(entry.name).inserted else { throw malformed("it holds \"\(entry.name)\" twice") }
            guard entry.range.lowerBound >= end else { throw malformed("\"\(entry.name)\" shares bytes with another entry") }
            end = entry.range.upperBound
            guard entry.isDeflated else {
                guard entry.size == entry.range.count else {
                    throw malformed("\"\(entry.name)\" has \(entry.range.count) bytes, expected \(entry.size)")
                }
                continue
            }
            guard entry.size / ZipArchive.maximumRatio <= entry.range.count else {
                throw malformed("\"\(entry.name)\" has \(entry.range.count) bytes, too few to become \(entry.size)")
            }
            inflated += entry.size
        }
        let limit = max(ZipArchive.inflatedAllowance, file.count * ZipArchive.inflatedRatio)
        guard inflated <= limit else {
            throw .unsupported(
                path: path, format: format,
                found: "entries that become \(inflated) bytes, more than the \(limit) that a file of \(file.count) bytes may")
        }
    }

    /// Lends the content of an entry.
    func withUnsafeBytes<Result>(
        of entry: Entry, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(CheckpointError) -> Result {
        func checked(_ content: UnsafeRawBufferPointer) -> Result? { isIntact(content, entry) ? body(content) : nil }
        let result: Result?
        if entry.isDeflated {
            let content = try inflated(entry, atMost: entry.size)
            guard content.count == entry.size else {
                throw malformed("\"\(entry.name)\" becomes \(content.count) bytes, expected \(entry.size)")
            }
            result = content.withUnsafeBytes(checked)
        } else {
            result = file.withUnsafeBytes { checked(UnsafeRawBufferPointer(rebasing: $0[entry.range])) }
        }
        guard let result else { throw malformed("\"\(entry.name)\" has another checksum than its directory says") }
        return result
    }

    /// The first bytes of an entry, all where there are fewer than `limit`; the checksum is left aside.
    func prefix(of entry: Entry, atMost limit: Int) throws(CheckpointError) -> [UInt8] {
        entry.isDeflated
            ? try inflated(entry, atMost: min(limit, entry.size)) : [UInt8](file[entry.range].prefix(limit))
    }

    private func isIntact(_ content: UnsafeRawBufferPointer, _ entry: Entry) -> Bool {
        guard entry.checksum != 0, let start = content.bindMemory(to: UInt8.self).baseAddress else { return true }
        return UInt32(truncatingIfNeeded: crc32_z(0, start, content.count)) == entry.checksum
    }

    /// Inflates up to `limit` bytes.
    private func inflated(_ entry: Entry, atMost limit: Int) throws(CheckpointError) -> [UInt8] {
        guard limit > 0 else { return [] }
        var stream = z_stream()
        // The largest window, negative for a stream without zlib's header.
        guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw malformed("zlib could not be started for \"\(entry.name)\"")
        }
        defer { inflateEnd(&stream) }
        var status = Z_OK
        let content = file.withUnsafeBytes { file in
            let input = UnsafeRawBufferPointer(rebasing: file[entry.range]).bindMemory(to: UInt8.self)
            return [UInt8](unsafeUninitializedCapacity: limit) { output, produced in
                var consumed = 0
                // zlib counts in 32 bits.
                while status == Z_OK, produced < limit {
                    let available = min(input.count - consumed, 1 << 30)
                    let room = min(limit - produced, 1 << 30)
                    stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress.map { $0 + consumed })
                    stream.avail_in = UInt32(available)
                    stream.next_out = output.baseAddress.map { $0 + produced }
                    stream.avail_out = UInt32(room)
                    status = CZlib.inflate(&stream, Z_NO_FLUSH)
                    consumed += available - Int(stream.avail_in)
                    produced += room - Int(stream.avail_out)
                }
            }
        }
        guard status == Z_OK || status == Z_STREAM_END else {
            let reason = stream.msg.map { String(cString: $0) } ?? "zlib's error \(status)"
            throw malformed("\"\(entry.name)\" cannot be inflated: \(reason)")
        }
        return content
    }

    private func malformed(_ problem: String) -> CheckpointError {
        .malformed(path: path, format: format, problem: problem)
    }
}
