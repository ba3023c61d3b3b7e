import Foundation

/// What can be wrong with a checkpoint, or with writing one.
public enum CheckpointError: Error, Equatable, Sendable {
    case missingFile(path: String)
    /// A call of the operating system failed with `code`, an `errno`.
    case system(call: String, path: String, code: Int32)
    case invalidFile(path: String, problem: FileProblem)
    /// The file breaks a rule of its format.
    case malformed(path: String, format: String, problem: String)
    /// The file may be in order, but holds something that is not read.
    case unsupported(path: String, format: String, found: String)
    /// None of the formats that can be read begins like this file.
    case unknownFormat(path: String)
    case invalidTensor(path: String, tensor: String, problem: TensorProblem)
    /// The file holds no tensor of this name; `known` are those it holds.
    case missingTensor(path: String, tensor: String, known: [String])
    /// The tensor's elements are not of a kind that can be read as `expected`.
    case wrongType(path: String, tensor: String, found: String, expected: String)
    /// The file is of another network; this is the first difference.
    case otherNetwork(path: String, tensor: String, found: String, expected: String)
    /// The file does not hold what the network needs, or holds more; nothing was changed.
    case incompleteImport(path: String, report: ImportReport)
    /// The file does not hold the state of a training run.
    case invalidState(path: String)

    /// What is wrong with a safetensors file as a whole.
    public enum FileProblem: Equatable, Sendable {
        /// Shorter than the eight bytes that every file begins with.
        case tooShort(found: Int)
        case headerBeyondEnd(length: UInt64, available: Int)
        case headerTooLong(length: UInt64, limit: Int)
        /// The header is not the JSON that the format prescribes; `offset` counts bytes from its beginning.
        case header(offset: Int, expected: String)
        /// Bytes that belong to no tensor; offsets count from the beginning of the data.
        case unusedBytes(Range<Int>)
    }

    /// What is wrong with one tensor's entry.
    public enum TensorProblem: Equatable, Sendable {
        case duplicateName
        /// The name stands for the metadata.
        case reservedName
        case unknownType(String)
        case tooManyElements(shape: [Int])
        case offsetsOutOfRange(begin: Int, end: Int, available: Int)
        case wrongByteCount(found: Int, expected: Int, type: String, shape: [Int])
        case overlap(other: String)
        /// Any other rule of the format that the tensor breaks.
        case other(String)
    }
}

extension CheckpointError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missingFile(let path):
            "\(path): no such file; check the path"
        case .system(let call, let path, let code):
            "\(path): \(call) failed: \(String(cString: strerror(code))). \(CheckpointError.advice(for: code))"
        case .invalidFile(let path, let problem):
            "\(path): \(problem)"
        case .malformed(let path, let format, let problem):
            "\(path): \(problem); it is not a file in the format \(format), was cut off or is damaged"
        case .unsupported(let path, let format, let found):
            "\(path): holds \(found), which is not read from files in the format \(format); convert it to safetensors"
        case .unknownFormat(let path):
            "\(path): is in no known format; expected safetensors, a file of PyTorch, NumPy or ONNX, or a frozen graph of "
                + "TensorFlow"
        case .invalidTensor(let path, let tensor, let problem):
            "\(path): tensor \"\(tensor)\" \(problem)"
        case .missingTensor(let path, let tensor, let known):
            "\(path): no tensor \"\(tensor)\"; the file holds \(CheckpointError.list(known))"
        case .wrongType(let path, let tensor, let found, let expected):
            "\(path): tensor \"\(tensor)\" is \(found), expected \(expected); convert the file"
        case .otherNetwork(let path, let tensor, let found, let expected):
            "\(path): tensor \"\(tensor)\" is \(found), this network expects \(expected); it is of another network"
        case .incompleteImport(let path, let report):
            "\(path): does not fit the network, which is unchanged: \(report). Allow what may be amiss, or correct the mapping"
        case .invalidState(let path):
            "\(path): holds no training state that can be read; start the run anew or use another checkpoint"
        }
    }

    private static func advice(for code: Int32) -> String {
        switch code {
        case ENOENT: "Create the folder first."
        case EACCES, EPERM, EROFS: "Choose a folder that you may write to."
        case EEXIST, ENOTEMPTY, EISDIR: "Choose another name, or remove what has this one."
        case ENOSPC, EDQUOT: "Make room on the disk."
        default: "What was there before is unchanged."
        }
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(20).joined(separator: ", ")
        return names.isEmpty ? "none" : names.count > 20 ? "\(shown) and \(names.count - 20) more" : shown
    }
}

extension CheckpointError.FileProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tooShort(let found):
            "has \(found) bytes, expected at least 8; it is not a safetensors file, or was cut off"
        case .headerBeyondEnd(let length, let available):
            "the header is \(length) bytes long, but only \(available) follow; "
                + "it is not a safetensors file, or was cut off"
        case .headerTooLong(let length, let limit):
            "the header is \(length) bytes long, expected at most \(limit); it is not a safetensors file"
        case .header(let offset, let expected):
            "byte \(offset) of the header: expected \(expected); it is not a safetensors file, or is damaged"
        case .unusedBytes(let range):
            "bytes \(range.lowerBound)..<\(range.upperBound) of the data belong to no tensor, expected tensors without "
                + "gaps; write the file again with the safetensors package"
        }
    }
}

extension CheckpointError.TensorProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .duplicateName:
            "occurs twice, expected every name once"
        case .reservedName:
            "has the name that the format reserves for the metadata; rename it"
        case .unknownType(let type):
            "has elements of type \"\(type)\", expected one of "
                + DataType.allCases.map(\.rawValue).joined(separator: ", ")
        case .tooManyElements(let shape):
            "has shape \(shape), which is more than any memory holds; the file is damaged"
        case .offsetsOutOfRange(let begin, let end, let available):
            "lies at bytes \(begin)..<\(end), expected a range within the \(available) bytes of data; "
                + "the file was cut off or is damaged"
        case .wrongByteCount(let found, let expected, let type, let shape):
            "has \(found) bytes, expected \(expected) for \(type) of shape \(shape); the file is damaged"
        case .overlap(let other):
            "lies in part on tensor \"\(other)\"; the file is damaged"
        case .other(let problem):
            problem
        }
    }
}
