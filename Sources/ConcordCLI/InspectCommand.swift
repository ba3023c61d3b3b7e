import ArgumentParser
import Concord

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Lists the tensors of a file in any format that can be read.")

    @Argument(help: "A file of safetensors, PyTorch, NumPy, ONNX or TensorFlow.")
    var file: String

    func run() throws {
        let archive = try TensorArchives.open(file)
        var table = TextTable([("name", .left), ("type", .left), ("shape", .left), ("elements", .right)])
        var elements = 0
        var bytes = 0
        for tensor in archive.tensors {
            table.add([tensor.name, tensor.type.rawValue, "\(tensor.shape)", "\(tensor.count)"])
            elements += tensor.count
            bytes += tensor.byteCount
        }
        print(table.text)
        print("\n\(archive.format): \(archive.tensors.count) tensors, \(elements) elements, \(Quantity.bytes(bytes))")
        for (key, value) in archive.metadata.sorted(by: { $0.key < $1.key }) {
            // The state of a run is a text of many lines' length.
            print("\(key): \(value.count > 60 ? "\(value.prefix(60))… (\(value.utf8.count) bytes)" : value)")
        }
    }
}
