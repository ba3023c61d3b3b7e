import Foundation
import Images
import Testing

@Suite struct DecodingTests {
    @Test("files are read as by Pillow")
    func files() throws {
        for expected in try Fixture.load().files {
            let image = try withFile(expected.name, expected.file) { try Bitmap(contentsOf: $0, channels: expected.channels) }
            #expect(image.width == expected.width && image.height == expected.height, "\(expected.name)")
            // PNG is exact. Decoders of JPEG round differently, most of all where they interpolate colours.
            let tolerance: Float = expected.name.hasSuffix("png") ? 0 : expected.name == "subsampled.jpg" ? 4 : 3
            #expect(
                distance(image.bytes.map(Float.init), expected.pixels.map(Float.init)) <= tolerance, "\(expected.name)")
        }
    }

    @Test("grey becomes colours and back")
    func conversion() {
        let grey = Fixture.pattern(width: 3, height: 2, channels: 1)
        let colours = grey.converted(toChannels: 3)
        for (place, value) in colours.bytes.enumerated() { #expect(value == grey.bytes[place / 3]) }
        #expect(colours.converted(toChannels: 1) == grey)
        // ITU-R BT.601: 0.299, 0.587 and 0.114 of 255.
        let primaries = Bitmap(width: 3, height: 1, channels: 3, bytes: [255, 0, 0, 0, 255, 0, 0, 0, 255])
        #expect(primaries.converted(toChannels: 1).bytes == [76, 150, 29])
    }

    private func problem(_ name: String, _ bytes: some Sequence<UInt8>) throws -> ImageError.Problem? {
        try withFile(name, bytes) { path in
            do {
                _ = try Bitmap(contentsOf: path)
                return nil
            } catch let error as ImageError {
                guard case .invalidFile(let named, let problem) = error else { throw error }
                #expect(named == path && "\(error)".hasPrefix(path))
                return problem
            }
        }
    }

    @Test("an empty file and other formats are refused")
    func otherFiles() throws {
        #expect(try problem("empty.png", []) == .empty)
        #expect(try problem("text.jpg", "GIF89a, or rather not".utf8) == .unknownFormat)
        #expect(try problem("one.jpg", [0xFF]) == .unknownFormat)
        #expect(throws: ImageError.missingFile(path: "/nowhere.png")) { try Bitmap(contentsOf: "/nowhere.png") }
        #expect(throws: ImageError.self) { try Bitmap(contentsOf: "/tmp") }
    }

    @Test("every truncation is found")
    func truncated() throws {
        for file in try Fixture.load().files where ["colours.png", "palette.png", "colours.jpg", "progressive.jpg"].contains(file.name) {
            for length in 1..<file.file.count {
                let problem = try problem(file.name, file.file.prefix(length))
                #expect(problem != nil, "\(file.name) with \(length) of \(file.file.count) bytes")
            }
        }
    }

    @Test("no damaged byte does more than fail or change pixels")
    func damaged() throws {
        for file in try Fixture.load().files where ["palette.png", "progressive.jpg"].contains(file.name) {
            for position in stride(from: 0, to: file.file.count, by: 3) {
                var bytes = [UInt8](file.file)
                bytes[position] ^= 0xFF
                _ = try problem(file.name, bytes)
            }
        }
    }

    @Test("absurd dimensions are refused before anything is allocated")
    func absurdDimensions() throws {
        let files = try Fixture.load().files
        var png = [UInt8](try #require(files.first { $0.name == "colours.png" }).file)
        // The extents of the header, 100,000 each.
        png.replaceSubrange(16..<24, with: [0, 1, 0x86, 0xA0, 0, 1, 0x86, 0xA0])
        #expect(
            try problem("huge.png", png)
                == .tooManyPixels(width: 100_000, height: 100_000, limit: Bitmap.largestImage))
        png.replaceSubrange(16..<24, with: [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])
        #expect(
            try problem("huge.png", png)
                == .tooManyPixels(width: 0xFFFF_FFFF, height: 0xFFFF_FFFF, limit: Bitmap.largestImage))
        png.replaceSubrange(16..<24, with: [0, 0, 0, 0, 0, 0, 0, 9])
        #expect(try problem("flat.png", png) == .tooManyPixels(width: 0, height: 9, limit: Bitmap.largestImage))

        var jpeg = [UInt8](try #require(files.first { $0.name == "colours.jpg" }).file)
        let frame = try #require(jpeg.indices.dropLast().first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
        jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0xFF, 0xFF, 0xFF])
        #expect(
            try problem("huge.jpg", jpeg) == .tooManyPixels(width: 65535, height: 65535, limit: Bitmap.largestImage))
    }

    @Test("pixels that decompress to more than the header calls for are refused")
    func bomb() throws {
        // The header says 1×1; the pixels are a megabyte of zeros, in stored blocks.
        var zlib: [UInt8] = [0x78, 0x01]
        for block in 0..<16 {
            zlib += [block == 15 ? 1 : 0, 0xFF, 0xFF, 0, 0]
            zlib += [UInt8](repeating: 0, count: 65535)
        }
        var png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        func add(_ name: String, _ content: [UInt8]) {
            let length = UInt32(content.count)
            for shift in [24, 16, 8, 0] as [UInt32] { png.append(UInt8(truncatingIfNeeded: length >> shift)) }
            png += Array(name.utf8)
            png += content
            png += [0, 0, 0, 0]
        }
        add("IHDR", [0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0])
        add("IDAT", zlib)
        add("IEND", [])
        #expect(try problem("bomb.png", png) == .tooMuchData(limit: 4))
    }
}
