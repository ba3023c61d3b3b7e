/// A file of unsigned bytes in the IDX format, plain or compressed with gzip.
///
/// The format: two zero bytes, 0x08 for unsigned bytes, the number of axes, the extents as big-endian 32-bit integers,
/// then the elements in row-major order.
///
/// Source: <http://yann.lecun.com/exdb/mnist>, "File formats for the MNIST database".
public struct IDXFile: Hashable, Sendable {
    /// More elements than this are taken for a damaged header.
    public static let maximumCount = Int(Int32.max)

    /// Extents, outermost axis first.
    public let dimensions: [Int]
    /// The elements in row-major order.
    public let bytes: [UInt8]

    /// Reads the whole file.
    ///
    /// - Parameters:
    ///   - rank: number of axes that the file must have: 3 for images, 1 for labels.
    /// - Throws: ``DatasetError`` where the file is missing, is not an IDX file of `rank` axes, or holds fewer or more
    ///   bytes than its header says.
    public init(path: String, rank: Int) throws(DatasetError) {
        precondition((1...255).contains(rank), "IDXFile: \(rank) axes, expected 1...255")
        let stream = try ByteStream(path: path)

        let expectedMagic = 0x0800 | UInt32(rank)
        let magic = try IDXFile.word(of: stream, bytesBefore: 0, headerSize: 4)
        guard magic == expectedMagic else {
            throw .invalidFile(path: path, problem: .wrongMagic(found: magic, expected: expectedMagic))
        }
        let headerSize = 4 * (1 + rank)
        var dimensions: [Int] = []
        for axis in 0..<rank {
            dimensions.append(Int(try IDXFile.word(of: stream, bytesBefore: 4 * (1 + axis), headerSize: headerSize)))
        }
        guard !dimensions.contains(0) else {
            throw .invalidFile(path: path, problem: .noElements(dimensions: dimensions))
        }
        var count = 1
        for dimension in dimensions {
            // Both factors are below 2³², so the product does not overflow before it is compared.
            count *= dimension
            guard count <= IDXFile.maximumCount else {
                throw .invalidFile(
                    path: path, problem: .tooLarge(dimensions: dimensions, limit: IDXFile.maximumCount))
            }
        }
        self.dimensions = dimensions
        self.bytes = try IDXFile.content(of: stream, count: count, headerSize: headerSize)
    }

    private static func word(
        of stream: ByteStream, bytesBefore: Int, headerSize: Int
    ) throws(DatasetError) -> UInt32 {
        let bytes = try read(4, from: stream)
        guard bytes.count == 4 else {
            let found = bytesBefore + bytes.count
            throw .invalidFile(
                path: stream.path, problem: found == 0 ? .empty : .truncated(found: found, expected: headerSize))
        }
        return bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func content(
        of stream: ByteStream, count: Int, headerSize: Int
    ) throws(DatasetError) -> [UInt8] {
        let bytes = try read(count, from: stream)
        guard bytes.count == count else {
            throw .invalidFile(
                path: stream.path,
                problem: .truncated(found: headerSize + bytes.count, expected: headerSize + count))
        }
        // Reading to the end also has the checksum of a compressed file verified.
        guard try stream.read(atMost: 1).isEmpty else {
            throw .invalidFile(path: stream.path, problem: .trailingBytes(expected: headerSize + count))
        }
        return bytes
    }

    /// Up to `count` bytes; fewer only where the stream ends. Grows with what is there, not with what a header claims.
    private static func read(_ count: Int, from stream: ByteStream) throws(DatasetError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(count, 1 << 26))
        while bytes.count < count {
            let more = try stream.read(atMost: count - bytes.count)
            if more.isEmpty { break }
            bytes += more
        }
        return bytes
    }
}
