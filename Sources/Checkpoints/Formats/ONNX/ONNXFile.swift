import Foundation
import SwiftProtobuf

/// The tensors of an ONNX model: the initializers of its graph, and the values of its `Constant` nodes under the names
/// of their outputs.
///
/// Graphs inside of nodes (`If`, `Loop`) are left aside, and so are texts. Elements may lie in files beside the model.
///
/// Source: <https://onnx.ai/onnx/repo-docs/IR.html>.
public struct ONNXFile: TensorArchive {
    static let format = "ONNX"

    public let path: String
    public var format: String { ONNXFile.format }
    /// Initializers first, then constants.
    public let tensors: [TensorDescription]
    /// Producer and operator sets.
    public let metadata: [String: String]
    let model: ONNXModel
    private let contents: [ONNXElements]
    private let positions: [String: Int]

    /// Opens a file and checks the shapes of its tensors.
    public init(path: String) throws(CheckpointError) {
        try self.init(path: path, file: FileSystem.map(path))
    }

    init(path: String, file: Data) throws(CheckpointError) {
        self.path = path
        var options = BinaryDecodingOptions()
        options.discardUnknownFields = true
        do {
            model = try ONNXModel(serializedBytes: file, options: options)
        } catch {
            throw .malformed(path: path, format: ONNXFile.format, problem: "its protocol buffer cannot be read (\(error))")
        }
        guard model.hasGraph else {
            throw .malformed(path: path, format: ONNXFile.format, problem: "it has no graph")
        }
        if let sparse = model.graph.sparseInitializer.first {
            throw .unsupported(path: path, format: ONNXFile.format, found: "the sparse tensor \"\(sparse.values.name)\"")
        }

        var external = ONNXExternalFiles(model: path)
        var tensors: [TensorDescription] = []
        var contents: [ONNXElements] = []
        var positions: [String: Int] = [:]
        for (name, tensor) in model.graph.initializer.map({ ($0.name, $0) }) + model.graph.constants {
            guard tensor.dataType != ONNXElements.textType else { continue }
            let elements = try ONNXElements(tensor, named: name, path: path, external: &external)
            guard positions.updateValue(tensors.count, forKey: name) == nil else {
                throw .invalidTensor(path: path, tensor: name, problem: .duplicateName)
            }
            tensors.append(TensorDescription(name: name, type: elements.type, shape: tensor.dims.map(Int.init)))
            contents.append(elements)
        }
        self.tensors = tensors
        self.contents = contents
        self.positions = positions
        var metadata = ["ir_version": String(model.irVersion)]
        if !model.producerName.isEmpty { metadata["producer"] = model.producerName }
        for set in model.opsetImport { metadata["opset" + (set.domain.isEmpty ? "" : "." + set.domain)] = String(set.version) }
        self.metadata = metadata
    }

    public func position(of name: String) -> Int? { positions[name] }

    public func withUnsafeBytes<Result>(
        of name: String, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(CheckpointError) -> Result {
        guard let position = positions[name] else { throw missing(name) }
        return contents[position].withUnsafeBytes(body)
    }
}

extension ONNXGraph {
    /// The tensors of `Constant` nodes under the names of their outputs; numbers and lists of numbers are tensors, too.
    var constants: [(String, ONNXTensor)] {
        node.compactMap { node in
            guard node.opType == "Constant", let name = node.output.first, let value = node.attribute.first else { return nil }
            var tensor = ONNXTensor()
            switch value.name {
            case "value": tensor = value.t
            case "value_float":
                tensor.dataType = 1
                tensor.floatData = [value.f]
            case "value_int":
                tensor.dataType = 7
                tensor.int64Data = [value.i]
            case "value_floats":
                tensor.dataType = 1
                tensor.dims = [Int64(value.floats.count)]
                tensor.floatData = value.floats
            case "value_ints":
                tensor.dataType = 7
                tensor.dims = [Int64(value.ints.count)]
                tensor.int64Data = value.ints
            default: return nil
            }
            return (name, tensor)
        }
    }
}
