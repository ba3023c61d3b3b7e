import CZlib
import Foundation

/// The bytes of a file from its beginning to its end; a gzip file (told by its first two bytes) is decompressed on the
/// way.
///
/// Memory stays bounded by the block size however much a file claims to hold.
final class ByteStream {
    private static let blockSize = 1 << 18

    let path: String
    /// Bytes that were handed out.
    private(set) var position = 0
    private let file: FileHandle
    private var block: [UInt8] = []
    private var consumed = 0
    /// Nil where the file is plain.
    private var inflater: Inflater?

    init(path: String) throws(DatasetError) {
        guard FileManager.default.fileExists(atPath: path) else {
            throw .missingFile(path: path, advice: "Check the path.")
        }
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw .unreadableFile(path: path, reason: "it could not be opened; check its permissions")
        }
        self.path = path
        self.file = file
        try refill()
        if block.starts(with: Inflater.magic) { inflater = try Inflater(path: path) }
    }

    /// The next bytes, at most `count` and a block; none at the end.
    func read(atMost count: Int) throws(DatasetError) -> [UInt8] {
        let count = min(count, ByteStream.blockSize)
        let bytes = if let inflater { try inflated(by: inflater, atMost: count) } else { try plain(atMost: count) }
        position += bytes.count
        return bytes
    }

    private func plain(atMost count: Int) throws(DatasetError) -> [UInt8] {
        if consumed == block.count { try refill() }
        let bytes = Array(block[consumed...].prefix(count))
        consumed += bytes.count
        return bytes
    }

    private func inflated(by inflater: Inflater, atMost count: Int) throws(DatasetError) -> [UInt8] {
        while true {
            if consumed == block.count { try refill() }
            guard consumed < block.count else {
                guard inflater.isAtEnd else {
                    throw .invalidFile(path: path, problem: .truncatedGzip(decompressed: position))
                }
                return []
            }
            if inflater.isAtEnd {
                // A gzip file may consist of several members; anything else after a member does not belong there.
                guard block[consumed] == Inflater.magic[0] else {
                    throw .invalidFile(path: path, problem: .trailingBytes(expected: position))
                }
                inflater.startNextMember()
            }
            let bytes = try inflater.inflate(block, from: &consumed, atMost: count, path: path)
            if !bytes.isEmpty { return bytes }
        }
    }

    private func refill() throws(DatasetError) {
        do {
            block = try file.read(upToCount: ByteStream.blockSize).map { [UInt8]($0) } ?? []
        } catch {
            throw .unreadableFile(path: path, reason: error.localizedDescription)
        }
        consumed = 0
    }
}

/// zlib's decompressor for gzip members.
private final class Inflater {
    static let magic: [UInt8] = [0x1F, 0x8B]

    /// Whether the current member ended, with the right checksum.
    private(set) var isAtEnd = false
    /// In memory of its own, because zlib keeps the address.
    private let stream: UnsafeMutablePointer<z_stream>

    init(path: String) throws(DatasetError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // The largest window, plus 16 for the gzip format.
        let status = inflateInit2_(stream, MAX_WBITS + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else {
            throw .unreadableFile(path: path, reason: "zlib could not be started (\(status))")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    func startNextMember() {
        inflateReset(stream)
        isAtEnd = false
    }

    /// Decompresses at most `count` bytes from `input` and moves `position` past what it used.
    func inflate(
        _ input: [UInt8], from position: inout Int, atMost count: Int, path: String
    ) throws(DatasetError) -> [UInt8] {
        var status = Z_OK
        let output = input.withUnsafeBufferPointer { input in
            [UInt8](unsafeUninitializedCapacity: count) { output, produced in
                stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress.map { $0 + position })
                stream.pointee.avail_in = UInt32(input.count - position)
                stream.pointee.next_out = output.baseAddress
                stream.pointee.avail_out = UInt32(count)
                status = CZlib.inflate(stream, Z_NO_FLUSH)
                position = input.count - Int(stream.pointee.avail_in)
                produced = count - Int(stream.pointee.avail_out)
            }
        }
        switch status {
        case Z_OK: break
        case Z_STREAM_END: isAtEnd = true
        default:
            let reason = stream.pointee.msg.map { String(cString: $0) } ?? "zlib's error \(status)"
            throw .invalidFile(path: path, problem: .corruptGzip(reason: reason))
        }
        return output
    }
}
