import Foundation

/// Calls of the operating system with errors that name the file.
enum FileSystem {
    /// A new name beside `path`, hidden and short whatever the length of the file's own name.
    static func temporarySibling(of path: String) -> String {
        "\(folder(of: path))/.concord-\(String(UInt64.random(in: 0...UInt64.max), radix: 16)).tmp"
    }

    /// The folder that holds `path`.
    static func folder(of path: String) -> String {
        URL(fileURLWithPath: path).deletingLastPathComponent().path
    }

    /// The bytes of a file, mapped into memory.
    static func map(_ path: String) throws(CheckpointError) -> Data {
        guard FileManager.default.fileExists(atPath: path) else { throw .missingFile(path: path) }
        do {
            return try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        } catch {
            let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
            throw .system(call: "reading", path: path, code: Int32(underlying?.code ?? Int(EIO)))
        }
    }

    /// Forces the names in a folder to the disk.
    static func synchronize(folder: String) throws(CheckpointError) {
        let descriptor = try check("open", folder) { open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        defer { close(descriptor) }
        try check("fsync", folder) {
            let result = fsync(descriptor)
            // Some file systems keep no names to be forced, and say so.
            return result != 0 && errno == EINVAL ? 0 : result
        }
    }

    /// Makes a call that returns -1 where it fails, again while it is interrupted.
    @discardableResult
    static func check<Result: SignedInteger>(
        _ call: String, _ path: String, _ body: () -> Result
    ) throws(CheckpointError) -> Result {
        while true {
            let result = body()
            if result >= 0 { return result }
            if errno != EINTR { throw .system(call: call, path: path, code: errno) }
        }
    }
}
