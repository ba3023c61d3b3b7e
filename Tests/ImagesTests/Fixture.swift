import Foundation
import Images
import Testing

/// What other libraries have computed; see `Fixtures/record.py`.
struct Fixture: Decodable {
    struct Resized: Decodable {
        let from: [Int]
        let to: [Int]
        let filter: ImageResize.Filter
        let convention: ImageResize.Convention
        let antialias: Bool
        let values: [Float]
    }
    struct File: Decodable {
        let name: String
        let file: Data
        let width: Int
        let height: Int
        let channels: Int
        let pixels: [UInt8]
    }

    let resized: [Resized]
    let preprocessed: [String: [Float]]
    let files: [File]

    static func load() throws -> Fixture {
        let path = try #require(Bundle.module.url(forResource: "images", withExtension: "json"))
        return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: path))
    }

    /// `pattern` of the script.
    static func pattern(width: Int, height: Int, channels: Int = 3) -> Bitmap {
        var state: UInt32 = 12345
        let bytes = (0..<width * height * channels).map { _ in
            state = (state &* 1_103_515_245 &+ 12345) & 0x7FFF_FFFF
            return UInt8(truncatingIfNeeded: state >> 16)
        }
        return Bitmap(width: width, height: height, channels: channels, bytes: bytes)
    }
}

/// The largest difference between two arrays; infinite where their lengths differ.
func distance(_ a: [Float], _ b: [Float]) -> Float {
    a.count == b.count ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
}

/// Writes bytes into a file for the time of a closure.
func withFile<Result>(_ name: String, _ bytes: some Sequence<UInt8>, _ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("images-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent(name)
    try Data(bytes).write(to: file)
    return try body(file.path)
}
