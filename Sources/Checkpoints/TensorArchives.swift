import Foundation

/// Opens files of tensors in any format that can be read.
public enum TensorArchives {
    /// Opens a file and tells the format from its first bytes; its name does not matter.
    ///
    /// - Throws: ``CheckpointError/unknownFormat(path:)``, or what is wrong with a file of the format.
    public static func open(_ path: String) throws(CheckpointError) -> any TensorArchive {
        let file = try FileSystem.map(path)
        let start = [UInt8](file.prefix(16))
        if start.starts(with: PyTorchLegacyFile.signature) { return try PyTorchLegacyFile(path: path, file: file) }
        if start.first == UInt8(ascii: "{") { return try ShardedSafetensors(path: path) }
        if start.count >= 9, start[8] == UInt8(ascii: "{") { return try SafetensorsFile(path: path, file: file) }
        throw .unknownFormat(path: path)
    }
}
