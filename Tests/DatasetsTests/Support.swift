import CZlib
import Datasets
import Foundation
import Testing

/// A folder that lives as long as this object.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("concord-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and gives back its path.
    func write(_ bytes: [UInt8], to name: String = "file") throws -> String {
        let file = "\(path)/\(name)"
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }
}

/// The bytes of an IDX file of unsigned bytes.
func idx(_ dimensions: [UInt32], _ elements: [UInt8]) -> [UInt8] {
    ([0x0800 | UInt32(dimensions.count)] + dimensions).flatMap { word in
        [UInt8(word >> 24), UInt8(word >> 16 & 0xFF), UInt8(word >> 8 & 0xFF), UInt8(word & 0xFF)]
    } + elements
}

/// Compresses with zlib's own writer of gzip files.
func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/compressed"
    let file = try #require(gzopen(path, "wb"))
    if !bytes.isEmpty { #expect(gzwrite(file, bytes, UInt32(bytes.count)) == Int32(bytes.count)) }
    #expect(gzclose(file) == Z_OK)
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}

/// The whole content of a gzip file, read with zlib's own reader.
func gunzip(contentsOf path: String) throws -> [UInt8] {
    let file = try #require(gzopen(path, "rb"))
    defer { gzclose(file) }
    var content: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 20)
    while true {
        let count = gzread(file, &block, UInt32(block.count))
        try #require(count >= 0)
        if count == 0 { return content }
        content += block.prefix(Int(count))
    }
}
