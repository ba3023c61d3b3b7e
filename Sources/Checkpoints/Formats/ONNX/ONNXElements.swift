import Foundation

/// The elements of a tensor in an ONNX model: as bytes, as a list of numbers, or in a file beside the model.
struct ONNXElements: Sendable {
    /// `TensorProto.STRING`.
    static let textType: Int32 = 8

    let type: DataType
    private let data: Data

    /// Takes the elements, and checks that they fill the tensor's shape.
    init(
        _ tensor: ONNXTensor, named name: String, path: String, external: inout ONNXExternalFiles
    ) throws(CheckpointError) {
        func invalid(_ problem: CheckpointError.TensorProblem) -> CheckpointError {
            .invalidTensor(path: path, tensor: name, problem: problem)
        }
        guard let type = ONNXElements.types[tensor.dataType] else {
            throw .unsupported(
                path: path, format: ONNXFile.format, found: "elements of type \(tensor.dataType) in tensor \"\(name)\"")
        }
        let shape = tensor.dims.map(Int.init)
        guard let expected = type.byteCount(of: shape) else { throw invalid(.tooManyElements(shape: shape)) }
        self.type = type
        if tensor.dataLocation == 1 {
            data = try external.data(of: tensor, named: name)
        } else if !tensor.rawData.isEmpty || expected == 0 {
            data = tensor.rawData
        } else {
            data = Data(ONNXElements.listed(tensor, type))
        }
        guard data.count == expected else {
            throw invalid(.wrongByteCount(found: data.count, expected: expected, type: type.rawValue, shape: shape))
        }
    }

    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result { data.withUnsafeBytes(body) }

    /// The bytes of the list that the type is kept in.
    private static func listed(_ tensor: ONNXTensor, _ type: DataType) -> [UInt8] {
        switch type {
        case .float32: PackedElements.bytes(of: tensor.floatData)
        case .float64: PackedElements.bytes(of: tensor.doubleData)
        case .int64: PackedElements.bytes(of: tensor.int64Data)
        case .uint32, .uint64: PackedElements.bytes(of: tensor.uint64Data, type: type)
        case .bool, .uint8, .int8, .int16, .uint16, .float16, .bfloat16, .int32:
            PackedElements.bytes(of: tensor.int32Data, type: type)
        }
    }

    /// By the numbers of `TensorProto.DataType`.
    private static let types: [Int32: DataType] = [
        1: .float32, 2: .uint8, 3: .int8, 4: .uint16, 5: .int16, 6: .int32, 7: .int64, 9: .bool, 10: .float16, 11: .float64,
        12: .uint32, 13: .uint64, 16: .bfloat16,
    ]
}

/// The files beside a model that hold elements, each opened once.
struct ONNXExternalFiles {
    private let model: String
    private var files: [String: Data] = [:]

    init(model: String) { self.model = model }

    /// The bytes that the tensor's entries `location`, `offset` and `length` describe.
    ///
    /// Locations are below the model's folder.
    mutating func data(of tensor: ONNXTensor, named name: String) throws(CheckpointError) -> Data {
        let entries = Dictionary(tensor.externalData.map { ($0.key, $0.value) }) { first, _ in first }
        let location = entries["location"] ?? ""
        guard !location.isEmpty, !location.hasPrefix("/"), !location.contains("\0"),
            !location.split(separator: "/").contains("..")
        else {
            throw .invalidTensor(
                path: model, tensor: name,
                problem: .other("lies in the file \"\(location)\", expected one below the model's folder"))
        }
        let file: Data
        if let opened = files[location] {
            file = opened
        } else {
            file = try FileSystem.map(FileSystem.folder(of: model) + "/" + location)
            files[location] = file
        }
        let start = entries["offset"].map { Int($0) } ?? 0
        let length = entries["length"].map { Int($0) } ?? file.count - (start ?? 0)
        guard let start, let length, start >= 0, length >= 0, start <= file.count, length <= file.count - start else {
            throw .invalidTensor(
                path: model, tensor: name,
                problem: .other("reaches beyond the \(file.count) bytes of \"\(location)\""))
        }
        return file[start..<start + length]
    }
}
