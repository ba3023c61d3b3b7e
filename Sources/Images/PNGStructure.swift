import CZlib

/// Checks a PNG file before a decoder allocates anything for it.
///
/// Source: https://www.w3.org/TR/png-3, chapters 5 and 10.
enum PNGStructure {
    private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    static func matches(_ bytes: [UInt8]) -> Bool { bytes.starts(with: signature) }

    /// Walks over the chunks, and decompresses the pixels into nothing to see how many bytes there are.
    ///
    /// - Throws: for a file that ends early, that promises more pixels than ``Bitmap/largestImage``, or whose pixels
    ///   decompress to more than the header calls for.
    static func check(_ bytes: [UInt8]) throws(ImageProblem) {
        var position = signature.count
        var limit: Int?
        var counter = InflatedSize()
        while true {
            guard position + 12 <= bytes.count else { throw truncated("a part of a chunk, or the last one (IEND)") }
            let length = word(bytes, at: position)
            guard length <= bytes.count - position - 12 else { throw truncated("a part of a chunk") }
            let content = position + 8..<position + 8 + length
            switch Array(bytes[position + 4..<position + 8]) {
            case Array("IHDR".utf8):
                guard length >= 13 else { throw truncated("a part of the header") }
                limit = try pixelBytes(bytes, header: content.lowerBound)
            case Array("IDAT".utf8):
                guard let limit else { throw truncated("the header in front of the pixels") }
                try counter.add(bytes, content, limit: limit)
            case Array("IEND".utf8):
                guard counter.isComplete else { throw truncated("the end of the pixels") }
                return
            default: break
            }
            position += 12 + length
        }
    }

    /// How many bytes the pixels take with a filter byte per row; some more where the image is interlaced.
    private static func pixelBytes(_ bytes: [UInt8], header: Int) throws(ImageProblem) -> Int {
        let (width, height) = (word(bytes, at: header), word(bytes, at: header + 4))
        try Bitmap.checkSize(width: width, height: height)
        let samples = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][bytes[header + 9]] ?? 4
        let row = (width * samples * Int(bytes[header + 8]) + 7) / 8 + 1
        // Each of the seven passes of an interlaced image rounds its rows up.
        return bytes[header + 12] == 0 ? row * height : row * height + 7 * 2 * (height + 8)
    }

    private static func word(_ bytes: [UInt8], at position: Int) -> Int {
        bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
    }

    private static func truncated(_ missing: String) -> ImageProblem {
        ImageProblem(.truncated(format: "PNG", missing: missing))
    }
}

/// Counts what a zlib stream decompresses to, in constant memory.
private struct InflatedSize {
    private let inflater = Inflater()
    private var count = 0
    var isComplete: Bool { inflater.isAtEnd }

    mutating func add(_ bytes: [UInt8], _ range: Range<Int>, limit: Int) throws(ImageProblem) {
        var position = range.lowerBound
        // Output may be left where all input is used.
        var hasMore = !range.isEmpty
        while hasMore && !inflater.isAtEnd {
            guard let produced = inflater.step(bytes, from: &position, to: range.upperBound) else {
                throw ImageProblem(.undecodable(reason: "the compressed pixels are damaged"))
            }
            count += produced
            if count > limit { throw ImageProblem(.tooMuchData(limit: limit)) }
            hasMore = position < range.upperBound || produced == Inflater.blockSize
        }
    }

    private final class Inflater {
        static let blockSize = 1 << 16

        private(set) var isAtEnd = false
        private let stream: UnsafeMutablePointer<z_stream>
        private let output = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: blockSize)

        init() {
            stream = .allocate(capacity: 1)
            stream.initialize(to: z_stream())
            inflateInit2_(stream, MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        }

        deinit {
            inflateEnd(stream)
            stream.deallocate()
            output.deallocate()
        }

        /// The number of bytes that came out, or nil for a damaged stream.
        func step(_ bytes: [UInt8], from position: inout Int, to end: Int) -> Int? {
            var status = Z_OK
            bytes.withUnsafeBufferPointer { bytes in
                stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress.map { $0 + position })
                stream.pointee.avail_in = UInt32(end - position)
                stream.pointee.next_out = output.baseAddress
                stream.pointee.avail_out = UInt32(output.count)
                status = inflate(stream, Z_NO_FLUSH)
                position = end - Int(stream.pointee.avail_in)
            }
            isAtEnd = status == Z_STREAM_END
            let produced = output.count - Int(stream.pointee.avail_out)
            // Without progress there is no more to come from these bytes.
            return status == Z_OK || status == Z_BUF_ERROR || isAtEnd ? produced : nil
        }
    }
}
