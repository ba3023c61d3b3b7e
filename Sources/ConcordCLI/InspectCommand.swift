import ArgumentParser
import Concord

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Lists the tensors of a checkpoint in the safetensors format.")

    @Argument(help: "A .safetensors file.")
    var file: String

    func run() throws {
        let checkpoint = try SafetensorsFile(path: file)
        var table = TextTable([("name", .left), ("type", .left), ("shape", .left), ("elements", .right)])
        var elements = 0
        var bytes = 0
        for tensor in checkpoint.tensors {
            let count = tensor.shape.reduce(1, *)
            table.add([tensor.name, tensor.type.rawValue, "\(tensor.shape)", "\(count)"])
            elements += count
            bytes += tensor.bytes.count
        }
        print(table.text)
        print("\n\(checkpoint.tensors.count) tensors, \(elements) elements, \(Quantity.bytes(bytes))")
        for (key, value) in checkpoint.metadata.sorted(by: { $0.key < $1.key }) {
            // The state of a run is a text of many lines' length.
            print("\(key): \(value.count > 60 ? "\(value.prefix(60))… (\(value.utf8.count) bytes)" : value)")
        }
    }
}
