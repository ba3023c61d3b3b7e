import Concord
import Foundation

/// Writing and reading a model of the size of a ResNet-18.
func safetensorsBenchmarks(in folder: URL) throws -> [HostBenchmark] {
    let (tensors, count) = (62, 180_000)
    let model = (0..<tensors).map {
        NamedTensor(name: "layer\($0)", shape: [count], elements: .float32([Float](repeating: 0.5, count: count)))
    }
    let path = folder.appending(path: "model.safetensors").path
    try SafetensorsFile.write(model, metadata: [:], to: path)
    let shape = "\(tensors) tensors of \(count)"
    let byteCount = 4 * tensors * count
    return [
        HostBenchmark(operation: "safetensors write", shape: shape, byteCount: byteCount) {
            try SafetensorsFile.write(model, metadata: [:], to: path)
        },
        HostBenchmark(operation: "safetensors open", shape: shape) { _ = try SafetensorsFile(path: path) },
        HostBenchmark(operation: "safetensors read", shape: shape, byteCount: byteCount) {
            let file = try SafetensorsFile(path: path)
            for tensor in file.tensors { _ = try file.floats(of: tensor.name) }
        },
    ]
}
