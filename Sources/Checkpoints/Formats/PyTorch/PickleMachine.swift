/// Reads the subset of Python's pickles that files of tensors consist of, and executes nothing.
///
/// A pickle is a program for a stack machine. This one knows the instructions that `torch.save` and `numpy` write;
/// names of Python objects are looked up in a short list, and any other is refused before it could mean anything.
/// Containers are kept in one flat list, so that neither cycles nor depth cost more than the bytes that describe them.
///
/// Source: the module `pickletools` of Python's library.
struct PickleMachine {
    /// The Python objects that may be named.
    enum Global: Hashable {
        case orderedDictionary
        case rebuildTensor
        case rebuildParameter
        case size
        case storage(DataType)

        /// - Parameter name: module and object, as in `torch.FloatStorage`.
        init?(_ name: String) {
            switch name {
            case "collections.OrderedDict": self = .orderedDictionary
            case "torch._utils._rebuild_tensor_v2": self = .rebuildTensor
            case "torch._utils._rebuild_parameter": self = .rebuildParameter
            case "torch.Size": self = .size
            case "torch.FloatStorage": self = .storage(.float32)
            case "torch.DoubleStorage": self = .storage(.float64)
            case "torch.HalfStorage": self = .storage(.float16)
            case "torch.BFloat16Storage": self = .storage(.bfloat16)
            case "torch.LongStorage": self = .storage(.int64)
            case "torch.IntStorage": self = .storage(.int32)
            case "torch.ShortStorage": self = .storage(.int16)
            case "torch.CharStorage": self = .storage(.int8)
            case "torch.ByteStorage": self = .storage(.uint8)
            case "torch.BoolStorage": self = .storage(.bool)
            default: return nil
            }
        }
    }

    /// A container by its number in ``containers``.
    enum Value: Hashable {
        case none
        case bool(Bool)
        case integer(Int)
        case real(Double)
        case string(String)
        case tuple(Int)
        case list(Int)
        /// Keys and values take turns.
        case dictionary(Int)
        case global(Global)
        /// What the pickle calls an object outside of it, by the number of its description.
        case persistent(Int)
        case tensor(PickledTensor)
        /// A whole number that no integer here holds, such as the signature of a file.
        case long([UInt8])
    }

    /// A tensor as the pickle describes it, unchecked.
    struct PickledTensor: Hashable {
        /// The container that describes the storage.
        let storage: Int
        let offset: Int
        let shape: [Int]
        let strides: [Int]
    }

    private let bytes: [UInt8]
    private let path: String
    private let format: String
    /// Where the pickle began; errors count from the beginning of the file.
    private(set) var position: Int
    private(set) var containers: [[Value]] = []
    private var stack: [Value] = []
    /// Heights of the stack.
    private var marks: [Int] = []
    private var memo: [Int: Value] = [:]
    /// Values that may still be put into containers. A few bytes can copy a long list again and again.
    private var budget = PickleMachine.maximumValues
    /// The containers that describe objects outside of the pickle, in their order.
    private(set) var persistents: [Int] = []

    /// Longer pickles are refused, which would describe 100,000 tensors.
    static let maximumLength = 1 << 24
    /// Pickles that make more values than these are refused.
    static let maximumValues = 1 << 22
    /// Tensors with more axes are refused, as by PyTorch.
    private static let maximumRank = 64

    /// - Parameter position: where a pickle begins in `bytes`.
    init(_ bytes: [UInt8], at position: Int = 0, path: String, format: String) {
        self.bytes = bytes
        self.position = position
        self.path = path
        self.format = format
    }

    /// Runs the machine to the end of the pickle; ``position`` is behind it afterwards.
    mutating func run() throws(CheckpointError) -> Value {
        while true {
            let start = position
            let code = try byte()
            guard let instruction = Instruction(rawValue: code) else {
                throw .unsupported(
                    path: path, format: format,
                    found: "the pickle instruction 0x\(String(code, radix: 16)) at byte \(start)")
            }
            if instruction == .stop {
                guard stack.count == 1, marks.isEmpty else { throw malformed("leaves more than one object behind") }
                return stack[0]
            }
            try execute(instruction)
        }
    }

    // MARK: Instructions

    private mutating func execute(_ instruction: Instruction) throws(CheckpointError) {
        switch instruction {
        case .protocolVersion: _ = try byte()
        case .frame: _ = try integer(bytes: 8)
        case .stop: break
        case .none: stack.append(.none)
        case .newTrue: stack.append(.bool(true))
        case .newFalse: stack.append(.bool(false))
        case .integer1: stack.append(.integer(try integer(bytes: 1)))
        case .integer2: stack.append(.integer(try integer(bytes: 2)))
        case .integer4: stack.append(.integer(Int(Int32(truncatingIfNeeded: try integer(bytes: 4)))))
        case .long1: stack.append(PickleMachine.long(try take(Int(try byte()))))
        case .real: stack.append(.real(Double(bitPattern: UInt64(bitPattern: Int64(try integer(bytes: 8))).byteSwapped)))
        case .shortString, .shortUnicode: stack.append(.string(try text(Int(try byte()))))
        case .string, .unicode: stack.append(.string(try text(try integer(bytes: 4))))
        case .emptyTuple: stack.append(.tuple(try add([])))
        case .tuple: stack.append(.tuple(try add(popToMark())))
        case .tuple1: stack.append(.tuple(try add(pop(1))))
        case .tuple2: stack.append(.tuple(try add(pop(2))))
        case .tuple3: stack.append(.tuple(try add(pop(3))))
        case .emptyList: stack.append(.list(try add([])))
        case .emptyDictionary: stack.append(.dictionary(try add([])))
        case .mark: marks.append(stack.count)
        case .append: try extendList(by: try pop(1))
        case .appends: try extendList(by: try popToMark())
        case .setItem: try extendDictionary(by: try pop(2))
        case .setItems: try extendDictionary(by: try popToMark())
        case .put1: memo[Int(try byte())] = try top()
        case .put4: memo[try integer(bytes: 4)] = try top()
        case .memoize: memo[memo.count] = try top()
        case .get1: stack.append(try recall(Int(try byte())))
        case .get4: stack.append(try recall(try integer(bytes: 4)))
        case .global: stack.append(.global(try global(try line() + "." + line())))
        case .stackGlobal:
            let names = try pop(2)
            guard case .string(let module) = names[0], case .string(let name) = names[1] else {
                throw malformed("names an object by something that is no string")
            }
            stack.append(.global(try global(module + "." + name)))
        case .persistentID:
            guard case .tuple(let description) = try pop(1)[0] else {
                throw malformed("describes a storage by something that is no tuple")
            }
            persistents.append(description)
            stack.append(.persistent(description))
        case .reduce:
            let call = try pop(2)
            stack.append(try value(calling: call[0], with: call[1]))
        case .build:
            // Dictionaries get attributes such as the versions of modules, which say nothing about tensors.
            _ = try pop(1)
            guard case .dictionary = try top() else { throw unsupported("attributes of an object") }
        }
    }

    private mutating func value(calling function: Value, with arguments: Value) throws(CheckpointError) -> Value {
        guard case .global(let global) = function, case .tuple(let container) = arguments else {
            throw malformed("calls what is no function")
        }
        let arguments = containers[container]
        switch global {
        case .orderedDictionary:
            var items: [Value] = []
            if let argument = arguments.first {
                guard case .list(let pairs) = argument else { throw malformed("makes a dictionary of what is no list") }
                for pair in containers[pairs] {
                    guard let pair = sequence(pair), pair.count == 2 else {
                        throw malformed("makes a dictionary of what are no pairs")
                    }
                    items += pair
                }
            }
            return .dictionary(try add(items))
        case .size:
            guard let extents = arguments.first.flatMap(sequence) else { throw malformed("makes a size of no extents") }
            return .tuple(try add(extents))
        case .rebuildParameter:
            guard case .tensor(let tensor)? = arguments.first else { throw malformed("makes a parameter of no tensor") }
            return .tensor(tensor)
        case .rebuildTensor:
            guard arguments.count >= 4, case .persistent(let storage) = arguments[0],
                case .integer(let offset) = arguments[1], let shape = integers(arguments[2]),
                let strides = integers(arguments[3])
            else { throw malformed("makes a tensor without storage, offset, shape and strides") }
            return .tensor(PickledTensor(storage: storage, offset: offset, shape: shape, strides: strides))
        case .storage:
            throw unsupported("a storage inside the pickle")
        }
    }

    /// The elements of a tuple or list.
    func sequence(_ value: Value) -> [Value]? {
        switch value {
        case .tuple(let container), .list(let container): containers[container]
        default: nil
        }
    }

    private func integers(_ value: Value) -> [Int]? {
        guard let values = sequence(value), values.count <= PickleMachine.maximumRank else { return nil }
        var integers: [Int] = []
        for value in values {
            guard case .integer(let integer) = value else { return nil }
            integers.append(integer)
        }
        return integers
    }

    private mutating func extendList(by values: [Value]) throws(CheckpointError) {
        guard case .list(let container) = try top() else { throw malformed("appends to what is no list") }
        try spend(values.count)
        containers[container] += values
    }

    private mutating func extendDictionary(by items: [Value]) throws(CheckpointError) {
        guard case .dictionary(let container) = try top(), items.count % 2 == 0 else {
            throw malformed("sets items of what is no dictionary")
        }
        try spend(items.count)
        containers[container] += items
    }

    private mutating func add(_ values: [Value]) throws(CheckpointError) -> Int {
        try spend(values.count + 1)
        containers.append(values)
        return containers.count - 1
    }

    private mutating func spend(_ count: Int) throws(CheckpointError) {
        budget -= count
        guard budget >= 0 else { throw unsupported("a pickle of more than \(PickleMachine.maximumValues) values") }
    }

    private func global(_ name: String) throws(CheckpointError) -> Global {
        guard let global = Global(name) else { throw unsupported("the Python object \(name)") }
        return global
    }

    // MARK: The stack

    private func top() throws(CheckpointError) -> Value {
        guard let value = stack.last, stack.count > marks.last ?? 0 else { throw malformed("needs an object too many") }
        return value
    }

    private mutating func pop(_ count: Int) throws(CheckpointError) -> [Value] {
        guard stack.count - count >= marks.last ?? 0 else { throw malformed("needs an object too many") }
        let values = Array(stack.suffix(count))
        stack.removeLast(count)
        return values
    }

    private mutating func popToMark() throws(CheckpointError) -> [Value] {
        guard let mark = marks.popLast() else { throw malformed("needs a mark too many") }
        let values = Array(stack[mark...])
        stack.removeLast(stack.count - mark)
        return values
    }

    private func recall(_ index: Int) throws(CheckpointError) -> Value {
        guard let value = memo[index] else { throw malformed("recalls an object that it has not stored") }
        return value
    }

    // MARK: Bytes

    private mutating func byte() throws(CheckpointError) -> UInt8 {
        guard position < bytes.count else { throw malformed("has no end") }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func take(_ count: Int) throws(CheckpointError) -> ArraySlice<UInt8> {
        guard count <= bytes.count - position else { throw malformed("has no end") }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// A little-endian number of 1, 2, 4 or 8 bytes, without sign where it is shorter than 8.
    private mutating func integer(bytes count: Int) throws(CheckpointError) -> Int {
        try take(count).reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    private mutating func text(_ count: Int) throws(CheckpointError) -> String {
        guard let text = String(validating: try take(count), as: UTF8.self) else {
            throw malformed("holds a string that is not UTF-8")
        }
        return text
    }

    /// The text up to the end of the line.
    private mutating func line() throws(CheckpointError) -> String {
        guard let end = bytes[position...].prefix(1024).firstIndex(of: UInt8(ascii: "\n")) else {
            throw malformed("holds a name without end")
        }
        let line = try text(end - position)
        position += 1
        return line
    }

    /// The integer of these bytes in two's complement, the lowest first.
    private static func long(_ bytes: ArraySlice<UInt8>) -> Value {
        guard bytes.count <= 8 else { return .long(Array(bytes)) }
        let isNegative = bytes.last.map { $0 >= 0x80 } ?? false
        return .integer(bytes.reversed().reduce(isNegative ? -1 : 0) { $0 << 8 | Int($1) })
    }

    private func malformed(_ problem: String) -> CheckpointError {
        .malformed(path: path, format: format, problem: "byte \(position): the pickle \(problem)")
    }

    private func unsupported(_ found: String) -> CheckpointError {
        .unsupported(path: path, format: format, found: found)
    }

    /// The instructions that are known, by their codes.
    private enum Instruction: UInt8 {
        case mark = 0x28, emptyTuple = 0x29, stop = 0x2E, real = 0x47, integer4 = 0x4A, integer1 = 0x4B
        case integer2 = 0x4D, none = 0x4E, persistentID = 0x51, reduce = 0x52, string = 0x54, shortString = 0x55
        case unicode = 0x58, emptyList = 0x5D, append = 0x61, build = 0x62, global = 0x63, appends = 0x65
        case get1 = 0x68, get4 = 0x6A, put1 = 0x71, put4 = 0x72, setItem = 0x73, tuple = 0x74, setItems = 0x75
        case emptyDictionary = 0x7D, protocolVersion = 0x80, tuple1 = 0x85, tuple2 = 0x86, tuple3 = 0x87
        case newTrue = 0x88, newFalse = 0x89, long1 = 0x8A, shortUnicode = 0x8C, stackGlobal = 0x93, memoize = 0x94
        case frame = 0x95
    }
}
