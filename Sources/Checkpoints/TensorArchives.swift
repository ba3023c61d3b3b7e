import Foundation

/// Opens files of tensors in any format that can be read.
public enum TensorArchives {
    /// Opens a file and tells the format from its first bytes, and only where they do not from its name.
    ///
    /// - Throws: ``CheckpointError/unknownFormat(path:)``, or what is wrong with a file of the format.
    public static func open(_ path: String) throws(CheckpointError) -> any TensorArchive {
        try open(path, file: FileSystem.map(path))
    }

    /// Opens the bytes of a file; files beside it are looked for at the path.
    package static func open(_ path: String, file: Data) throws(CheckpointError) -> any TensorArchive {
        let start = [UInt8](file.prefix(16))
        if start.starts(with: PyTorchLegacyFile.signature) { return try PyTorchLegacyFile(path: path, file: file) }
        if start.starts(with: ZipArchive.signature) || start.starts(with: ZipArchive.emptySignature) {
            let zip = try ZipArchive(path: path, format: "zip", file: file)
            return zip.entries.contains { $0.name.hasSuffix("/" + PyTorchZipFile.pickleName) }
                ? try PyTorchZipFile(zip) : try NumPyArchive(zip)
        }
        if start.starts(with: NumPyHeader.signature) { return try NumPyFile(path: path, file: file) }
        if start.first == UInt8(ascii: "{") { return try ShardedSafetensors(path: path) }
        if start.count >= 9, start[8] == UInt8(ascii: "{") { return try SafetensorsFile(path: path, file: file) }
        // Protocol buffers have no signature: ONNX writes its version first, TensorFlow its first node.
        if start.first == 0x08 || path.hasSuffix(".onnx") { return try ONNXFile(path: path, file: file) }
        if start.first == 0x0A || path.hasSuffix(".pb") { return try TensorFlowGraph(path: path, file: file) }
        throw .unknownFormat(path: path)
    }
}
