import CZlib
import Checkpoints
import Foundation
import Testing

/// Files that are broken, or made to harm whoever reads them: each is an error, soon and with little memory.
@Suite("Hostile archives of tensors")
struct HostileArchiveTests {
    private static func open(_ bytes: [UInt8], path: String = "hostile") throws -> any TensorArchive {
        try TensorArchives.open(path, file: Data(bytes))
    }

    /// Expects a refusal whose text holds these words.
    private func expectRefusal(
        _ bytes: [UInt8], path: String = "hostile", _ words: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: CheckpointError.self, sourceLocation: sourceLocation) {
            try HostileArchiveTests.open(bytes, path: path)
        }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains(words), "\(text)", sourceLocation: sourceLocation)
        #expect(text.hasPrefix(path), sourceLocation: sourceLocation)
    }

    // MARK: Damage to good files

    private static let good = [
        "state-legacy.pt", "run-legacy.pt", "state-zip.pt", "run-zip.pt", "arrays.npz", "arrays-compressed.npz", "fortran.npy",
        "tensors.onnx", "frozen.pb", "all-types.safetensors",
    ]

    @Test("no cut crashes a reader", arguments: good)
    func cuts(_ file: String) throws {
        let bytes = try contents(of: fixture(file))
        // A protocol buffer that is cut between fields is another protocol buffer.
        let mayOpen = file.hasSuffix(".onnx") || file.hasSuffix(".pb")
        for length in stride(from: 0, to: bytes.count, by: bytes.count > 4096 ? 7 : 1) {
            do {
                try HostileArchiveTests.readAll(HostileArchiveTests.open(Array(bytes[..<length]), path: file))
                #expect(mayOpen, "the first \(length) bytes were read")
            } catch is CheckpointError {}
        }
    }

    @Test("no changed byte crashes a reader", arguments: good)
    func flips(_ file: String) throws {
        let bytes = try contents(of: fixture(file))
        for position in stride(from: 0, to: bytes.count, by: bytes.count > 4096 ? 3 : 1) {
            for change in [0x01, 0x80, 0xFF] as [UInt8] {
                var damaged = bytes
                damaged[position] ^= change
                do {
                    try HostileArchiveTests.readAll(HostileArchiveTests.open(damaged, path: file))
                } catch is CheckpointError {}
            }
        }
    }

    private static func readAll(_ archive: any TensorArchive) throws {
        for tensor in archive.tensors {
            let count = try archive.withUnsafeBytes(of: tensor.name) { bytes in
                // Touches every byte, so that a wrong address would be noticed.
                bytes.reduce(0) { $0 &+ Int($1) } == Int.min ? -1 : bytes.count
            }
            #expect(count == tensor.byteCount)
        }
    }

    @Test("what is no archive is told so")
    func noArchive() throws {
        expectRefusal([], "is in no known format")
        expectRefusal(Array("name,value\n1,2\n".utf8), "is in no known format")
        let folder = try TemporaryFolder()
        #expect(throws: CheckpointError.missingFile(path: "\(folder.path)/none")) {
            try TensorArchives.open("\(folder.path)/none")
        }
        #expect(throws: CheckpointError.self) { try TensorArchives.open(folder.path) }
    }

    // MARK: Pickles

    /// The pieces of a pickle.
    private enum Pickle {
        static func text(_ string: String) -> [UInt8] {
            [0x58] + HostileArchiveTests.bytes(of: UInt32(string.utf8.count)) + Array(string.utf8)
        }
        static func integer(_ value: Int) -> [UInt8] { [0x8A, 8] + HostileArchiveTests.bytes(of: value) }
        static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }
        static func tuple(_ items: [UInt8]...) -> [UInt8] { [0x28] + items.joined() + [0x74] }
        static func tuple(of integers: [Int]) -> [UInt8] { [0x28] + integers.flatMap(integer) + [0x74] }
        static func dictionary(_ items: [UInt8]...) -> [UInt8] { [0x7D, 0x28] + items.joined() + [0x75] }
        static func list(_ items: [UInt8]...) -> [UInt8] { [0x5D, 0x28] + items.joined() + [0x65] }
        static func pickle(_ object: [UInt8]) -> [UInt8] { [0x80, 2] + object + [0x2E] }

        static func storage(_ count: Int, key: String = "0") -> [UInt8] {
            tuple(text("storage"), global("torch", "FloatStorage"), text(key), text("cpu"), integer(count), [0x4E]) + [0x51]
        }

        static func tensor(shape: [Int], strides: [Int], offset: Int = 0, storage count: Int = 4) -> [UInt8] {
            global("torch._utils", "_rebuild_tensor_v2")
                + tuple(storage(count), integer(offset), tuple(of: shape), tuple(of: strides), [0x89], [0x4E]) + [0x52]
        }
    }

    private static func bytes<Integer: FixedWidthInteger>(of value: Integer) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    /// A legacy file of an object and one storage of zeros.
    private func legacy(_ object: [UInt8], keys: [String] = ["0"], count: Int = 4, floats: Int = 4) -> [UInt8] {
        let signature: [UInt8] = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
        let list = [0x5D, 0x28] + keys.flatMap(Pickle.text) + [0x65]
        return signature + Pickle.pickle([0x4D, 0xE9, 0x03]) + Pickle.pickle([0x7D]) + Pickle.pickle(object)
            + Pickle.pickle(list) + keys.flatMap { _ in HostileArchiveTests.bytes(of: count) + [UInt8](repeating: 0, count: floats * 4) }
    }

    @Test("a hand-made legacy file reads, so what is refused below is refused for its fault")
    func wellFormed() throws {
        let file = legacy(Pickle.dictionary(Pickle.text("a"), Pickle.tensor(shape: [2, 2], strides: [1, 2])))
        let archive = try HostileArchiveTests.open(file)
        #expect(archive.tensors == [TensorDescription(name: "a", type: .float32, shape: [2, 2])])
        #expect(try archive.floats(of: "a") == [0, 0, 0, 0])
    }

    @Test(
        "a pickle that names any other object is refused by the name, and not executed",
        arguments: [("os", "system"), ("posix", "system"), ("builtins", "eval"), ("torch.nn.modules.linear", "Linear")])
    func objects(_ module: String, _ name: String) throws {
        let folder = try TemporaryFolder()
        let marker = "\(folder.path)/executed"
        let call = Pickle.global(module, name) + Pickle.tuple(Pickle.text("touch \(marker)")) + [0x52]
        expectRefusal(legacy(call), "the Python object \(module).\(name)")
        let stacked = Pickle.text(module) + Pickle.text(name) + [0x93] + Pickle.tuple(Pickle.text("touch \(marker)")) + [0x52]
        expectRefusal(legacy(stacked), "the Python object \(module).\(name)")
        expectRefusal(
            try zip([("x/data.pkl", .stored(Pickle.pickle(call)))]), "the Python object \(module).\(name)")
        #expect(try folder.contents() == [])
    }

    @Test("a tensor that reaches beyond its storage, or repeats it, is refused")
    func strides() {
        let wrong: [(shape: [Int], strides: [Int], offset: Int)] = [
            ([5], [1], 0), ([4], [1], 1), ([2, 2], [3, 2], 0), ([-1], [1], 0), ([4], [-1], 3), ([4], [1], -1),
            ([1 << 62], [1 << 62], 0), ([1 << 62, 1 << 62], [1, 1], 0), ([2], [.max], .max), ([1 << 40], [0], 0), ([2, 2], [1], 0),
            ([.max, 2], [0, 0], 0),
        ]
        for (shape, strides, offset) in wrong {
            expectRefusal(
                legacy(Pickle.dictionary(Pickle.text("a"), Pickle.tensor(shape: shape, strides: strides, offset: offset))),
                "tensor \"a\" has shape \(shape)")
        }
    }

    @Test("storages that are missing, of another size or described twice are refused")
    func storages() {
        func file(storage: Int = 4, keys: [String] = ["0"], count: Int = 4, floats: Int = 4) -> [UInt8] {
            legacy(
                Pickle.dictionary(Pickle.text("a"), Pickle.tensor(shape: [2], strides: [1], storage: storage)), keys: keys,
                count: count, floats: floats)
        }
        expectRefusal(file(storage: 1 << 61), "describes a storage in no known way")
        expectRefusal(file(storage: -1), "describes a storage in no known way")
        expectRefusal(file(storage: 1 << 40, count: 1 << 40), "it ends within storage 0")
        expectRefusal(file(count: 5), "storage 0 has 5 elements, expected 4")
        expectRefusal(file(floats: 3), "it ends within storage 0")
        expectRefusal(file(floats: 5), "4 bytes follow the last storage")
        expectRefusal(file(keys: []), "it lacks storage 0 of tensor \"a\"")
        expectRefusal(file(keys: ["1"]), "a storage that no tensor uses")
        expectRefusal(file(keys: ["0", "0"]), "it holds storage 0 twice")
        let tensor = Pickle.tensor(shape: [1], strides: [1])
        expectRefusal(legacy(Pickle.dictionary(Pickle.text("a"), tensor, Pickle.text("a"), tensor)), "occurs twice")
        let other = Pickle.tensor(shape: [1], strides: [1], storage: 3)
        expectRefusal(legacy(Pickle.dictionary(Pickle.text("a"), tensor, Pickle.text("b"), other)), "in two ways")
    }

    @Test("containers that hold themselves, or each other many times, end soon", .timeLimit(.minutes(1)))
    func containers() {
        // A list that holds itself.
        expectRefusal(legacy([0x5D, 0x71, 0, 0x68, 0, 0x61]), "too deep")
        // Lists of eight times the list before: 8¹² ways.
        var laughs: [UInt8] = [0x28, 0x5D, 0x71, 0]
        for level in 1...12 as ClosedRange<UInt8> {
            laughs += [0x5D, 0x71, level, 0x28]
            for _ in 0..<8 { laughs += [0x68, level - 1] }
            laughs += [0x65]
        }
        laughs += [0x74]
        expectRefusal(legacy(laughs), "too many or too deep")
        // A long list that is copied again and again.
        let long: [UInt8] = [0x5D, 0x71, 0, 0x28] + [UInt8](repeating: 0x4E, count: 10_000) + [0x65]
        let copy: [UInt8] = Pickle.global("torch", "Size") + [0x68, 0, 0x85, 0x52]
        let copies = [[UInt8]](repeating: copy, count: 1000).joined()
        expectRefusal(legacy([0x28] + long + copies + [0x74]), "more than \(1 << 22) values")
        // A million tuples inside of each other.
        expectRefusal(legacy([0x29] + [UInt8](repeating: 0x85, count: 1_000_000)), "too deep")
    }

    @Test("instructions without operands, and unknown ones, are refused")
    func instructions() {
        for code in [0x61, 0x65, 0x73, 0x75, 0x74, 0x85, 0x86, 0x87, 0x52, 0x62, 0x51, 0x71, 0x94, 0x93] as [UInt8] {
            expectRefusal(legacy([code, 0]), "the pickle")
        }
        expectRefusal(legacy([0x4E, 0x4E]), "leaves more than one object behind")
        expectRefusal(legacy([0x68, 9]), "recalls an object")
        expectRefusal(legacy([0x81]), "the pickle instruction 0x81")
        expectRefusal(legacy([0x58, 0xFF, 0xFF, 0xFF, 0xFF]), "has no end")
        expectRefusal(legacy([0x58, 1, 0, 0, 0, 0xFF]), "not UTF-8")
        expectRefusal(legacy([0x63] + [UInt8](repeating: 0x61, count: 5000)), "a name without end")
    }

    // MARK: Zip files

    private enum Content {
        case stored([UInt8])
        case deflated([UInt8])
        /// Deflated bytes with another size than theirs.
        case claiming(Int, [UInt8])
    }

    private func zip(
        _ entries: [(name: String, content: Content)], flags: UInt16 = 0, method: UInt16? = nil, checksum: UInt32 = 0,
        moved: Int = 0
    ) throws -> [UInt8] {
        var file: [UInt8] = []
        var directory: [UInt8] = []
        for (name, content) in entries {
            let (data, size, isDeflated): ([UInt8], Int, Bool) =
                switch content {
                case .stored(let bytes): (bytes, bytes.count, false)
                case .deflated(let bytes): (try deflate(bytes), bytes.count, true)
                case .claiming(let size, let bytes): (try deflate(bytes), size, true)
                }
            let common =
                HostileArchiveTests.bytes(of: UInt16(20)) + HostileArchiveTests.bytes(of: flags)
                + HostileArchiveTests.bytes(of: method ?? (isDeflated ? 8 : 0)) + [0, 0, 0, 0]
                + HostileArchiveTests.bytes(of: checksum) + HostileArchiveTests.bytes(of: UInt32(data.count))
                + HostileArchiveTests.bytes(of: UInt32(size)) + HostileArchiveTests.bytes(of: UInt16(name.utf8.count)) + [0, 0]
            directory +=
                [0x50, 0x4B, 1, 2, 20, 0] + common + [UInt8](repeating: 0, count: 10)
                + HostileArchiveTests.bytes(of: UInt32(file.count + moved)) + Array(name.utf8)
            file += [0x50, 0x4B, 3, 4] + common + Array(name.utf8) + data
        }
        let start = file.count
        return file + directory + [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + HostileArchiveTests.bytes(of: UInt16(entries.count))
            + HostileArchiveTests.bytes(of: UInt16(entries.count)) + HostileArchiveTests.bytes(of: UInt32(directory.count))
            + HostileArchiveTests.bytes(of: UInt32(start)) + [0, 0]
    }

    /// Deflated without zlib's header and checksum.
    private func deflate(_ bytes: [UInt8]) throws -> [UInt8] {
        var length = compressBound(uLong(bytes.count))
        var output = [UInt8](repeating: 0, count: Int(length))
        #expect(compress2(&output, &length, bytes, uLong(bytes.count), 9) == Z_OK)
        return Array(output[2..<Int(length) - 4])
    }

    private func array(_ header: String, _ elements: [UInt8] = []) -> [UInt8] {
        [0x93] + Array("NUMPY".utf8) + [1, 0] + HostileArchiveTests.bytes(of: UInt16(header.utf8.count)) + Array(header.utf8) + elements
    }

    private let two = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"

    @Test("bombs are refused before anything is inflated", .timeLimit(.minutes(1)))
    func bombs() throws {
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        // More than deflate can make of so few bytes.
        expectRefusal(try zip([("a.npy", .claiming(1 << 31, zeros))]), "too few to become \(1 << 31)")
        // Possible sizes that are out of all proportion together.
        let many = (0..<300).map { ("\($0).npy", Content.deflated(zeros)) }
        expectRefusal(try zip(many), "more than the")
        // An array of zeros as large as its header says is fine, but not a larger one.
        let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (1048576,), }"
        let archive = try HostileArchiveTests.open(zip([("a.npy", .deflated(array(header, zeros)))]))
        #expect(try archive.integers(of: "a").count == 1 << 20)
        // Within what deflate can do, but more or less than there is.
        let content = array(header, (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 9) })
        expectRefusal(try zip([("a.npy", .claiming(content.count * 2, content))]), "expected \(content.count)")
        let short = try HostileArchiveTests.open(zip([("a.npy", .claiming(content.count, Array(content[..<(1 << 19)])))]))
        #expect(throws: CheckpointError.self) { try short.integers(of: "a") }
    }

    @Test("zip files that break the format are refused")
    func zipFiles() throws {
        let entry = ("a.npy", Content.stored(array(two, [UInt8](repeating: 0, count: 8))))
        #expect(try HostileArchiveTests.open(zip([entry])).floats(of: "a") == [0, 0])
        expectRefusal(try zip([entry, entry]), "it holds \"a.npy\" twice")
        expectRefusal(try zip([entry], flags: 1), "the encrypted entry \"a.npy\"")
        expectRefusal(try zip([entry], method: 12), "compressed with method 12")
        expectRefusal(try zip([entry], moved: 1), "is not where the directory says")
        expectRefusal(try zip([entry], moved: 1 << 30), "is not where the directory says")
        expectRefusal(try zip([("a.txt", .stored([1]))]), "the entry \"a.txt\"")
        let wrong = try HostileArchiveTests.open(zip([entry], checksum: 1))
        #expect(throws: CheckpointError.self) { try wrong.floats(of: "a") }
        // Both entries of the directory lead to the same bytes.
        var overlapping = try zip([entry, ("b.npy", entry.1)])
        let second = overlapping.count - 22 - (46 + 5) + 42
        overlapping.replaceSubrange(second..<second + 4, with: [0, 0, 0, 0])
        expectRefusal(overlapping, "shares bytes with another entry")
        // A directory that lists more than it holds, or lies elsewhere.
        for (offset, value) in [(10, 9), (12, 200), (16, 200)] as [(Int, UInt8)] {
            var file = try zip([entry])
            file[file.count - 22 + offset] = value
            expectRefusal(file, "directory")
        }
        expectRefusal(
            try zip([("x/data.pkl", .stored(Pickle.pickle(Pickle.tensor(shape: [1], strides: [1]))))]), "it lacks storage 0")
        expectRefusal(
            try zip([
                ("x/data.pkl", .stored(Pickle.pickle(Pickle.tensor(shape: [1], strides: [1])))), ("x/data/0", .stored([1, 2])),
            ]), "storage 0 has 2 bytes, expected 16")
    }

    // MARK: NumPy

    @Test("arrays whose header is wrong, or whose elements are objects, are refused")
    func numPy() {
        func header(_ descr: String = "'<f4'", order: String = "False", shape: String = "(2,)") -> [UInt8] {
            array("{'descr': \(descr), 'fortran_order': \(order), 'shape': \(shape), }", [UInt8](repeating: 0, count: 8))
        }
        expectRefusal(header("'|O'"), "elements |O")
        expectRefusal(header("'>f4'"), "elements >f4")
        expectRefusal(header("[('a', '<f4')]"), "elements of several parts")
        expectRefusal(header(order: "Maybe"), "has a header without")
        expectRefusal(header(shape: "(-2,)"), "has a header without")
        expectRefusal(header(shape: "(3,)"), "expected")
        expectRefusal(header(shape: "(4611686018427387904, 4)"), "more than any memory holds")
        expectRefusal(header(shape: "(4611686018427387904, 4, 0)"), "more than any memory holds")
        expectRefusal(header(shape: "(99999999999999999999,)"), "has a header without")
        expectRefusal(array("{'descr': '<f4'}"), "has a header without")
        expectRefusal(array("{'shape': (), 'shape': ()}"), "has a header without")
        expectRefusal([0x93] + Array("NUMPY".utf8) + [1, 0, 0xFF, 0xFF], "has a header of 65535 bytes")
        expectRefusal([0x93] + Array("NUMPY".utf8) + [9, 0, 0, 0], "is of version 9")
    }

    // MARK: Protocol buffers

    private static func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
        [number << 3 | 2] + varint(UInt64(content.count)) + content
    }

    private static func varint(_ value: UInt64) -> [UInt8] {
        var (rest, bytes) = (value, [UInt8]())
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    private static func integers(_ number: UInt8, _ values: [Int64]) -> [UInt8] {
        values.flatMap { [number << 3] + varint(UInt64(bitPattern: $0)) }
    }

    /// An ONNX model of one initializer "w" of zeros.
    private func onnx(_ dims: [Int64], type: Int64 = 1, bytes: Int = 8, copies: Int = 1, others: [UInt8] = []) -> [UInt8] {
        let tensor =
            HostileArchiveTests.integers(1, dims) + HostileArchiveTests.integers(2, [type])
            + HostileArchiveTests.field(8, Array("w".utf8))
            + (bytes > 0 ? HostileArchiveTests.field(9, [UInt8](repeating: 0, count: bytes)) : []) + others
        let graph = (0..<copies).flatMap { _ in HostileArchiveTests.field(5, tensor) }
        return HostileArchiveTests.integers(1, [8]) + HostileArchiveTests.field(7, graph)
    }

    @Test("models whose tensors do not add up are refused")
    func models() throws {
        #expect(try HostileArchiveTests.open(onnx([2])).floats(of: "w") == [0, 0])
        expectRefusal(onnx([3]), "has 8 bytes, expected 12")
        expectRefusal(onnx([-2]), "more than any memory holds")
        expectRefusal(onnx([1 << 62, 4]), "more than any memory holds")
        expectRefusal(onnx([1 << 40], bytes: 0), "has 0 bytes, expected")
        expectRefusal(onnx([2], type: 99), "elements of type 99 in tensor \"w\"")
        expectRefusal(onnx([2], copies: 2), "occurs twice")
        expectRefusal([8, 8], "it has no graph")
        expectRefusal([8, 8, 0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], "its protocol buffer cannot be read")
        expectRefusal([0x08] + Array("not a protocol buffer".utf8), "its protocol buffer cannot be read")
        func external(_ location: String, _ offset: String = "0") -> [UInt8] {
            func entry(_ key: String, _ value: String) -> [UInt8] {
                HostileArchiveTests.field(
                    13, HostileArchiveTests.field(1, Array(key.utf8)) + HostileArchiveTests.field(2, Array(value.utf8)))
            }
            return onnx(
                [2], bytes: 0,
                others: entry("location", location) + entry("offset", offset) + HostileArchiveTests.integers(14, [1]))
        }
        for location in ["/etc/passwd", "../secret", "a/../../secret", ""] {
            expectRefusal(external(location), "expected one below the model's folder")
        }
        #expect(throws: CheckpointError.self) { try HostileArchiveTests.open(external("none")) }
        let folder = try TemporaryFolder()
        try overwrite("\(folder.path)/weights", with: [UInt8](repeating: 0, count: 12))
        try overwrite("\(folder.path)/model.onnx", with: external("weights", "4"))
        #expect(try TensorArchives.open("\(folder.path)/model.onnx").floats(of: "w") == [0, 0])
        try overwrite("\(folder.path)/model.onnx", with: external("weights", "9223372036854775807"))
        #expect(throws: CheckpointError.self) { try TensorArchives.open("\(folder.path)/model.onnx") }
    }

    @Test("graphs whose constants do not add up are refused")
    func graphs() throws {
        func graph(_ dims: [Int64], content: Int = 0, floats: Int = 0, type: Int64 = 1, copies: Int = 1) -> [UInt8] {
            let shape = dims.flatMap { HostileArchiveTests.field(2, HostileArchiveTests.integers(1, [$0])) }
            let tensor =
                HostileArchiveTests.integers(1, [type]) + HostileArchiveTests.field(2, shape)
                + (content > 0 ? HostileArchiveTests.field(4, [UInt8](repeating: 0, count: content)) : [])
                + (0..<floats).flatMap { _ in [5 << 3 | 5, 0, 0, 0x80, 0x3F] as [UInt8] }
            let attribute = HostileArchiveTests.field(1, Array("value".utf8)) + HostileArchiveTests.field(2, HostileArchiveTests.field(8, tensor))
            let node =
                HostileArchiveTests.field(1, Array("w".utf8)) + HostileArchiveTests.field(2, Array("Const".utf8))
                + HostileArchiveTests.field(5, attribute)
            return (0..<copies).flatMap { _ in HostileArchiveTests.field(1, node) }
        }
        #expect(try HostileArchiveTests.open(graph([3], floats: 1)).floats(of: "w") == [1, 1, 1])
        expectRefusal(graph([3], content: 8), "has 8 bytes, expected 12")
        expectRefusal(graph([1], floats: 2), "has 8 bytes, expected 4")
        expectRefusal(graph([1 << 40], floats: 1), "of \(1 << 40) elements from 1")
        expectRefusal(graph([-1]), "more than any memory holds")
        expectRefusal(graph([1 << 62, 1 << 62]), "more than any memory holds")
        expectRefusal(graph([1], floats: 1, type: 8), "elements of type 8")
        expectRefusal(graph([1], floats: 1, copies: 2), "occurs twice")
        expectRefusal([0x0A, 0], "it has no nodes")
        expectRefusal([0x0A, 0xFF, 0x7F], "its protocol buffer cannot be read")
    }
}
