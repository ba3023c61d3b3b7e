import Datasets
import Foundation
import Testing

@Suite("IDX files")
struct IDXFileTests {
    private let folder: TemporaryFolder
    private let elements = (0..<24).map { UInt8($0 * 10 + 1) }

    init() throws { folder = try TemporaryFolder() }

    private func expectProblem(
        _ problem: DatasetError.FileProblem, in bytes: [UInt8], rank: Int = 3,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let path = try folder.write(bytes)
        let error = DatasetError.invalidFile(path: path, problem: problem)
        #expect(throws: error, sourceLocation: sourceLocation) { try IDXFile(path: path, rank: rank) }
        #expect(error.description.hasPrefix("\(path): "), sourceLocation: sourceLocation)
    }

    @Test("plain and compressed files read alike")
    func reads() throws {
        let bytes = idx([2, 3, 4], elements)
        for content in [bytes, try gzip(bytes)] {
            let file = try IDXFile(path: folder.write(content), rank: 3)
            #expect(file.dimensions == [2, 3, 4])
            #expect(file.bytes == elements)
        }
        let labels = try IDXFile(path: folder.write(idx([24], elements)), rank: 1)
        #expect(labels.dimensions == [24])
        #expect(labels.bytes == elements)
    }

    @Test("a file of several gzip members reads as one")
    func members() throws {
        let bytes = idx([2, 3, 4], elements)
        for split in [1, 4, 15, 16, 30] {
            let content = try gzip(Array(bytes[..<split])) + gzip([]) + gzip(Array(bytes[split...]))
            #expect(try IDXFile(path: folder.write(content), rank: 3).bytes == elements)
        }
    }

    @Test("contents longer than a block read whole", arguments: [false, true])
    func long(compressed: Bool) throws {
        // Hardly compressible, so that the compressed file is longer than a block too.
        var state: UInt32 = 1
        let content = (0..<700_001).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(state >> 24)
        }
        let bytes = idx([700_001], content)
        let file = try IDXFile(path: folder.write(compressed ? gzip(bytes) : bytes), rank: 1)
        #expect(file.bytes == content)
    }

    @Test("a missing file is named")
    func missing() {
        let path = "\(folder.path)/nowhere.gz"
        #expect(throws: DatasetError.missingFile(path: path, advice: "Check the path.")) {
            try IDXFile(path: path, rank: 3)
        }
    }

    @Test("a folder in place of a file is refused")
    func directory() {
        #expect {
            try IDXFile(path: folder.path, rank: 3)
        } throws: { error in
            if case .unreadableFile(folder.path, _) = error as? DatasetError { true } else { false }
        }
    }

    @Test("an empty file is refused")
    func empty() throws {
        try expectProblem(.empty, in: [])
        try expectProblem(.empty, in: gzip([]))
    }

    @Test("a file cut off anywhere is refused")
    func truncated() throws {
        let bytes = idx([2, 3, 4], elements)
        for length in 1..<bytes.count {
            // The magic number tells how long the header is.
            let expected = length < 4 ? 4 : length < 16 ? 16 : bytes.count
            try expectProblem(.truncated(found: length, expected: expected), in: Array(bytes[..<length]))
        }
    }

    @Test("a gzip file cut off anywhere is refused")
    func truncatedGzip() throws {
        let compressed = try gzip(idx([2, 3, 4], elements))
        for length in 2..<compressed.count {
            let path = try folder.write(Array(compressed[..<length]))
            #expect {
                try IDXFile(path: path, rank: 3)
            } throws: { error in
                if case .invalidFile(path, .truncatedGzip) = error as? DatasetError { true } else { false }
            }
        }
    }

    @Test("no flipped bit of a gzip file passes as other data")
    func damagedGzip() throws {
        let bytes = idx([2, 3, 4], elements)
        let compressed = try gzip(bytes)
        // The ten bytes of the gzip header hold a time and such; after them the checksum guards every bit.
        var refused = 0
        for bit in 80..<compressed.count * 8 {
            var damaged = compressed
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            let path = try folder.write(damaged)
            do throws(DatasetError) {
                // Deflate pads its last byte with bits that mean nothing.
                #expect(try IDXFile(path: path, rank: 3).bytes == elements)
            } catch {
                refused += 1
            }
        }
        #expect(refused > (compressed.count - 10) * 8 - 8)
        var checksum = compressed
        checksum[compressed.count - 8] ^= 1
        try expectProblem(.corruptGzip(reason: "incorrect data check"), in: checksum)
    }

    @Test("another magic number is refused")
    func wrongMagic() throws {
        try expectProblem(.wrongMagic(found: 0x801, expected: 0x803), in: idx([24], elements))
        try expectProblem(.wrongMagic(found: 0x803, expected: 0x801), in: idx([2, 3, 4], elements), rank: 1)
        try expectProblem(.wrongMagic(found: 0x3C21_444F, expected: 0x803), in: Array("<!DOCTYPE html>".utf8))
        // Floating-point elements.
        try expectProblem(.wrongMagic(found: 0xD03, expected: 0x803), in: [0, 0, 0x0D, 3] + [UInt8](repeating: 0, count: 12))
        let error = DatasetError.invalidFile(path: "f", problem: .wrongMagic(found: 0x801, expected: 0x803))
        #expect(error.description.contains("0x00000801"))
        #expect(error.description.contains("0x00000803"))
    }

    @Test("bytes after the content are refused")
    func trailing() throws {
        let bytes = idx([2, 3, 4], elements)
        try expectProblem(.trailingBytes(expected: 40), in: bytes + [0])
        try expectProblem(.trailingBytes(expected: 40), in: gzip(bytes + [0]))
        try expectProblem(.trailingBytes(expected: 40), in: gzip(bytes) + [0])
        try expectProblem(.trailingBytes(expected: 40), in: gzip(bytes) + Array("garbage".utf8))
    }

    @Test("impossible extents are refused before anything is read")
    func extents() throws {
        try expectProblem(.noElements(dimensions: [0, 28, 28]), in: idx([0, 28, 28], []))
        try expectProblem(
            .tooLarge(dimensions: [0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF], limit: IDXFile.maximumCount),
            in: idx([0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF], elements))
        try expectProblem(
            .tooLarge(dimensions: [1 << 31], limit: IDXFile.maximumCount), in: idx([1 << 31], elements), rank: 1)
        try expectProblem(.truncated(found: 32, expected: 8 + Int(Int32.max)), in: idx([(1 << 31) - 1], elements), rank: 1)
    }
}
