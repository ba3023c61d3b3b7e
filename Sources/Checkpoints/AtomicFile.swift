import Foundation

/// Files that are either the old one or the complete new one, whatever happens in between.
///
/// The content goes to a temporary file in the same folder, is forced to the disk, and then takes the name of the old file
/// in one step. Where that fails the old file is as it was, and the temporary file is gone.
public enum AtomicFile {
    /// Writes a file.
    ///
    /// - Parameter content: writes the content; an error that it throws leaves everything as it was.
    /// - Throws: ``CheckpointError/system(call:path:code:)``, or what `content` throws.
    public static func write(
        to path: String, _ content: (FileWriter) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        let temporary = FileSystem.temporarySibling(of: path)
        do throws(CheckpointError) {
            let writer = try FileWriter(creating: temporary, onBehalfOf: path)
            try content(writer)
            try writer.finish()
            try FileSystem.check("rename", path) { rename(temporary, path) }
        } catch {
            unlink(temporary)
            throw error
        }
        try FileSystem.synchronize(folder: FileSystem.folder(of: path))
    }

    /// Writes a file of these bytes.
    public static func write(_ bytes: [UInt8], to path: String) throws(CheckpointError) {
        try write(to: path) { (file) throws(CheckpointError) in try file.append(bytes) }
    }

    /// Writes a file of this text in UTF-8.
    public static func write(_ text: String, to path: String) throws(CheckpointError) {
        try write(Array(text.utf8), to: path)
    }
}

/// Takes the content of a file that is being written.
public final class FileWriter {
    private var descriptor: Int32
    /// The file that the content is for, which errors name.
    private let path: String

    fileprivate init(creating temporary: String, onBehalfOf path: String) throws(CheckpointError) {
        self.path = path
        descriptor = try FileSystem.check("open", path) {
            open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Appends the memory of these elements.
    public func append<Element: BitwiseCopyable>(_ elements: [Element]) throws(CheckpointError) {
        try elements.withUnsafeBufferPointer { (elements) throws(CheckpointError) in
            var rest = UnsafeRawBufferPointer(elements)
            while !rest.isEmpty {
                let count = try FileSystem.check("write", path) { write(descriptor, rest.baseAddress, rest.count) }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }

    fileprivate func finish() throws(CheckpointError) {
        try FileSystem.check("fsync", path) { fsync(descriptor) }
        // A descriptor is gone after `close` even where that reports an error.
        let closing = descriptor
        descriptor = -1
        try FileSystem.check("close", path) { close(closing) }
    }
}
