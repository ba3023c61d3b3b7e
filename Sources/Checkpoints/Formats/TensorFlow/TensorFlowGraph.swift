import Foundation
import SwiftProtobuf

/// The constants of a frozen TensorFlow graph, under the names of their nodes; texts are left aside.
///
/// Source: TensorFlow, `tensorflow/core/framework/graph.proto` and `tensor.proto`.
public struct TensorFlowGraph: TensorArchive {
    private static let format = "TensorFlow graph"
    /// Constants of one repeated value may have this many elements; a few bytes describe any number.
    private static let maximumRepeated = 1 << 24

    public let path: String
    public var format: String { TensorFlowGraph.format }
    /// In the order of the nodes.
    public let tensors: [TensorDescription]
    public var metadata: [String: String] { [:] }
    private let contents: [TensorFlowTensorProto]
    private let positions: [String: Int]

    /// Opens a file and checks the shapes of its constants.
    public init(path: String) throws(CheckpointError) {
        try self.init(path: path, file: FileSystem.map(path))
    }

    init(path: String, file: Data) throws(CheckpointError) {
        self.path = path
        let graph: TensorFlowGraphDef
        do {
            var options = BinaryDecodingOptions()
            options.discardUnknownFields = true
            graph = try TensorFlowGraphDef(serializedBytes: file, options: options)
        } catch {
            throw .malformed(
                path: path, format: TensorFlowGraph.format, problem: "its protocol buffer cannot be read (\(error))")
        }
        guard graph.node.contains(where: { !$0.op.isEmpty }) else {
            throw .malformed(path: path, format: TensorFlowGraph.format, problem: "it has no nodes")
        }
        var tensors: [TensorDescription] = []
        var contents: [TensorFlowTensorProto] = []
        var positions: [String: Int] = [:]
        for node in graph.node where node.op == "Const" {
            guard let value = node.attr["value"], value.hasTensor, value.tensor.dtype != TensorFlowGraph.textType else {
                continue
            }
            let description = try TensorFlowGraph.description(of: value.tensor, named: node.name, path: path)
            guard positions.updateValue(tensors.count, forKey: node.name) == nil else {
                throw .invalidTensor(path: path, tensor: node.name, problem: .duplicateName)
            }
            tensors.append(description)
            contents.append(value.tensor)
        }
        self.tensors = tensors
        self.contents = contents
        self.positions = positions
    }

    public func position(of name: String) -> Int? { positions[name] }

    public func withUnsafeBytes<Result>(
        of name: String, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(CheckpointError) -> Result {
        guard let position = positions[name] else { throw missing(name) }
        let (tensor, content) = (tensors[position], contents[position])
        guard content.tensorContent.isEmpty else { return content.tensorContent.withUnsafeBytes(body) }
        var bytes = TensorFlowGraph.listed(content, tensor.type)
        // The last element stands for all that follow, and no element for zeros.
        let last = bytes.isEmpty ? [UInt8](repeating: 0, count: tensor.type.size) : Array(bytes.suffix(tensor.type.size))
        bytes.reserveCapacity(tensor.byteCount)
        while bytes.count < tensor.byteCount { bytes += last }
        return bytes.withUnsafeBytes(body)
    }

    /// Checks that the elements fill the shape.
    private static func description(
        of tensor: TensorFlowTensorProto, named name: String, path: String
    ) throws(CheckpointError) -> TensorDescription {
        func invalid(_ problem: CheckpointError.TensorProblem) -> CheckpointError {
            .invalidTensor(path: path, tensor: name, problem: problem)
        }
        guard let type = types[tensor.dtype] else {
            throw .unsupported(
                path: path, format: format, found: "elements of type \(tensor.dtype) in tensor \"\(name)\"")
        }
        let shape = tensor.tensorShape.dim.map { Int($0.size) }
        guard !tensor.tensorShape.unknownRank, let expected = type.byteCount(of: shape) else {
            throw invalid(.tooManyElements(shape: shape))
        }
        let found = tensor.tensorContent.isEmpty ? listedCount(tensor, type) * type.size : tensor.tensorContent.count
        let mayRepeat = tensor.tensorContent.isEmpty && found < expected
        guard found == expected || mayRepeat else {
            throw invalid(.wrongByteCount(found: found, expected: expected, type: type.rawValue, shape: shape))
        }
        guard !mayRepeat || expected / type.size <= maximumRepeated else {
            throw .unsupported(
                path: path, format: format,
                found: "tensor \"\(name)\" of \(expected / type.size) elements from \(found / type.size)")
        }
        return TensorDescription(name: name, type: type, shape: shape)
    }

    private static func listedCount(_ tensor: TensorFlowTensorProto, _ type: DataType) -> Int {
        switch type {
        case .float32: tensor.floatVal.count
        case .float64: tensor.doubleVal.count
        case .int64: tensor.int64Val.count
        case .uint32: tensor.uint32Val.count
        case .uint64: tensor.uint64Val.count
        case .bool: tensor.boolVal.count
        case .float16, .bfloat16: tensor.halfVal.count
        case .uint8, .int8, .int16, .uint16, .int32: tensor.intVal.count
        }
    }

    private static func listed(_ tensor: TensorFlowTensorProto, _ type: DataType) -> [UInt8] {
        switch type {
        case .float32: PackedElements.bytes(of: tensor.floatVal)
        case .float64: PackedElements.bytes(of: tensor.doubleVal)
        case .int64: PackedElements.bytes(of: tensor.int64Val)
        case .uint32: PackedElements.bytes(of: tensor.uint32Val)
        case .uint64: PackedElements.bytes(of: tensor.uint64Val)
        case .bool: tensor.boolVal.map { $0 ? 1 : 0 }
        case .float16, .bfloat16: PackedElements.bytes(of: tensor.halfVal, type: type)
        case .uint8, .int8, .int16, .uint16, .int32: PackedElements.bytes(of: tensor.intVal, type: type)
        }
    }

    /// `DT_STRING`.
    private static let textType: Int32 = 7

    /// By the numbers of TensorFlow's `DataType`.
    private static let types: [Int32: DataType] = [
        1: .float32, 2: .float64, 3: .int32, 4: .uint8, 5: .int16, 6: .int8, 9: .int64, 10: .bool, 14: .bfloat16,
        17: .uint16, 19: .float16, 22: .uint32, 23: .uint64,
    ]
}
