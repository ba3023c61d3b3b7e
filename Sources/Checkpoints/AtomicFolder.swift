import Foundation

/// Groups of files that belong together: a folder that is there with all of them, or not at all.
public enum AtomicFolder {
    /// Writes a folder.
    ///
    /// - Parameters:
    ///   - path: the folder, which must not exist yet or be empty: no system replaces a full one in a single step.
    ///   - content: fills the temporary folder that it is given the path of, with files written by ``AtomicFile``. An error
    ///     that it throws leaves everything as it was.
    /// - Throws: ``CheckpointError/system(call:path:code:)``, or what `content` throws.
    public static func write(
        to path: String, _ content: (String) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        let temporary = FileSystem.temporarySibling(of: path)
        do throws(CheckpointError) {
            try FileSystem.check("mkdir", path) { mkdir(temporary, 0o777) }
            try content(temporary)
            try FileSystem.synchronize(folder: temporary)
            try FileSystem.check("rename", path) { rename(temporary, path) }
        } catch {
            try? FileManager.default.removeItem(atPath: temporary)
            throw error
        }
        try FileSystem.synchronize(folder: FileSystem.folder(of: path))
    }
}
