#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Compiled programs on disk, so that the next process starts without the compiler.
///
/// The cache never fails: what cannot be read is built again, and what cannot be written is not kept. A file holds its
/// key and a checksum, so neither a collision of names nor a torn file is ever taken for a program.
package struct BinaryCache: Sendable {
    /// Where the files lie; made when the first one is written.
    package let folder: URL

    package init(folder: URL) { self.folder = folder }

    /// The one in the user's cache folder.
    package static func user() -> BinaryCache { BinaryCache(folder: UserCache.folder("kernels")) }

    private static let signature: [UInt8] = Array("CONCORD1".utf8)

    /// The program that was stored under a key.
    func binary(for key: String) -> [UInt8]? {
        guard let data = try? Data(contentsOf: file(for: key)) else { return nil }
        var rest = data[...]
        guard rest.starts(with: BinaryCache.signature) else { return nil }
        rest = rest.dropFirst(BinaryCache.signature.count)
        guard let keyLength = rest.takeNumber(), keyLength <= rest.count else { return nil }
        guard rest.prefix(Int(keyLength)).elementsEqual(key.utf8) else { return nil }
        rest = rest.dropFirst(Int(keyLength))
        guard let checksum = rest.takeNumber(), checksum == BinaryCache.hash(rest) else { return nil }
        return Array(rest)
    }

    /// Keeps a program under a key.
    func store(_ binary: [UInt8], for key: String) {
        var data = Data(BinaryCache.signature)
        data.append(number: UInt64(key.utf8.count))
        data.append(contentsOf: key.utf8)
        data.append(number: BinaryCache.hash(binary))
        data.append(contentsOf: binary)
        // A folder that cannot be written is not an error: the program was built anyway.
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try? data.write(to: file(for: key), options: .atomic)
    }

    private func file(for key: String) -> URL {
        folder.appendingPathComponent(String(BinaryCache.hash(key.utf8), radix: 16) + ".bin")
    }

    /// FNV-1a.
    static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }
}

extension Data {
    /// Eight bytes, little end first.
    fileprivate mutating func append(number: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) { append(UInt8(truncatingIfNeeded: number >> shift)) }
    }

    /// Removes eight bytes from the front; nil if there are fewer.
    fileprivate mutating func takeNumber() -> UInt64? {
        guard count >= 8 else { return nil }
        let number = prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        self = dropFirst(8)
        return number
    }
}
