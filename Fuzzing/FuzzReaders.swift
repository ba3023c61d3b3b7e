import Foundation
import Networks

// Compiled together with the sources of `Checkpoints`; see fuzz.sh.

/// Opens the bytes with the reader that the environment names, and touches every element of every tensor.
///
/// Errors of the readers are what they are for; anything else (a trap, an address out of range, too much memory or time)
/// is a finding.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    do {
        let archive = try open(Data(bytes: start, count: count))
        for tensor in archive.tensors {
            let touched = try archive.withUnsafeBytes(of: tensor.name) { $0.reduce(into: 0) { $0 &+= Int($1) } }
            precondition(touched >= 0)
        }
    } catch {}
    return 0
}

private let reader = ProcessInfo.processInfo.environment["CONCORD_READER"] ?? ""

private func open(_ file: Data) throws -> any TensorArchive {
    switch reader {
    case "safetensors": try SafetensorsFile(path: reader, file: file)
    case "pytorch-legacy": try PyTorchLegacyFile(path: reader, file: file)
    case "pytorch-zip": try PyTorchZipFile(ZipArchive(path: reader, format: reader, file: file))
    case "npy": try NumPyFile(path: reader, file: file)
    case "npz": try NumPyArchive(ZipArchive(path: reader, format: reader, file: file))
    case "onnx": try ONNXFile(path: reader, file: file)
    case "onnx-network": try imported(ONNXFile(path: reader, file: file))
    case "tensorflow": try TensorFlowGraph(path: reader, file: file)
    default: fatalError("CONCORD_READER is \"\(reader)\"")
    }
}

/// Makes layers of the model, too; the shape is that of the fixture's samples.
private func imported(_ file: ONNXFile) throws -> ONNXFile {
    _ = try ONNXNetwork(ParameterScope(), importing: file, sampleShape: [3, 7, 5])
    return file
}
