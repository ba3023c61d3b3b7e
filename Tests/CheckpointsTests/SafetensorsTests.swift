import Checkpoints
import Foundation
import Testing

@Suite("Safetensors files")
struct SafetensorsTests {
    private let folder: TemporaryFolder
    private var path: String { "\(folder.path)/model.safetensors" }

    init() throws { folder = try TemporaryFolder() }

    // MARK: Against the Python package

    @Test("a file of the Python package reads as what was written")
    func readsPython() throws {
        let file = try SafetensorsFile(path: fixture("all-types.safetensors"))
        #expect(file.metadata == ["format": "np"])
        #expect(Set(file.tensors.map(\.name)) == [
            "trunk.conv1.weight", "trunk.half", "trunk.brain", "trunk.double", "steps", "labels", "pixels", "mask",
            "empty",
        ])
        func expect(_ name: String, _ type: DataType, _ shape: [Int]) throws {
            let tensor = try file.tensor(named: name)
            #expect(tensor.type == type)
            #expect(tensor.shape == shape)
        }
        try expect("trunk.conv1.weight", .float32, [2, 1, 3])
        let weights = try file.floats(of: "trunk.conv1.weight")
        #expect(weights.map(\.bitPattern) == [1, -2.5, 0.1, 3e38, .leastNonzeroMagnitude, -0.0].map { (value: Float) in value.bitPattern })
        try expect("trunk.half", .float16, [4])
        // 6e-8 rounds to the smallest subnormal number of half precision, 2⁻²⁴.
        #expect(try file.floats(of: "trunk.half") == [1, -2.5, 65504, 0x1p-24])
        try expect("trunk.brain", .bfloat16, [3])
        #expect(try file.floats(of: "trunk.brain") == [1, -2.5, .infinity])
        try expect("trunk.double", .float64, [3])
        #expect(try file.floats(of: "trunk.double") == [0.1, -.infinity, 3])
        try expect("steps", .int64, [])
        #expect(try file.integers(of: "steps") == [-(1 << 62) - 1])
        try expect("labels", .int32, [2, 2])
        #expect(try file.integers(of: "labels") == [-(1 << 31), -1, 0, 1 << 31 - 1])
        try expect("pixels", .uint8, [5])
        #expect(try file.integers(of: "pixels") == [0, 1, 127, 128, 255])
        try expect("mask", .bool, [3])
        #expect(try file.integers(of: "mask") == [1, 0, 1])
        try expect("empty", .float32, [0, 4])
        #expect(try file.floats(of: "empty") == [])
        #expect(try file.withUnsafeBytes(of: "pixels") { Array($0) } == [0, 1, 127, 128, 255])
    }

    private static let writable = [
        NamedTensor(name: "labels", shape: [3], elements: .int32([.min, 0, .max])),
        NamedTensor(name: "b.weight", shape: [2, 2], elements: .float32([1, -2.5, 0.1, 3e38])),
        NamedTensor(name: "B.bias", shape: [1], elements: .float32([7])),
        NamedTensor(name: "ä.scale", shape: [], elements: .float32([0.5])),
        NamedTensor(name: "a \"quoted\"\\\n\t\u{1}/name", shape: [3], elements: .float32([1, 2, 3])),
        NamedTensor(name: "step", shape: [1], elements: .int64([-(1 << 62) - 1])),
        NamedTensor(name: "empty", shape: [0, 4], elements: .int32([])),
        NamedTensor(name: "epoch", shape: [], elements: .int64([12])),
    ]

    @Test("the bytes written are those of the Python package, whatever the order of the tensors")
    func writesAsPython() throws {
        let expected = try contents(of: fixture("writable.safetensors"))
        for tensors in [SafetensorsTests.writable, SafetensorsTests.writable.reversed()] {
            try SafetensorsFile.write(tensors, metadata: ["note": "two\nlines, \"quoted\""], to: path)
            #expect(try contents(of: path) == expected)
        }
    }

    @Test("what was written reads back")
    func roundTrip() throws {
        try SafetensorsFile.write(SafetensorsTests.writable, metadata: ["b": "2", "a": "1"], to: path)
        let file = try SafetensorsFile(path: path)
        #expect(file.metadata == ["a": "1", "b": "2"])
        #expect(file.tensors.count == SafetensorsTests.writable.count)
        for tensor in SafetensorsTests.writable {
            #expect(try file.tensor(named: tensor.name).shape == tensor.shape)
            switch tensor.elements {
            case .float32(let values): #expect(try file.floats(of: tensor.name) == values)
            case .int32(let values): #expect(try file.integers(of: tensor.name) == values.map(Int64.init))
            case .int64(let values): #expect(try file.integers(of: tensor.name) == values)
            }
        }
        let bytes = try contents(of: path)
        #expect(bytes[0].isMultiple(of: 8))
        #expect(bytes[8] == UInt8(ascii: "{"))
    }

    @Test("a file without tensors is a file")
    func noTensors() throws {
        try SafetensorsFile.write([], to: path)
        #expect(try contents(of: path) == [8, 0, 0, 0, 0, 0, 0, 0] + Array("{}      ".utf8))
        #expect(try SafetensorsFile(path: path).tensors.isEmpty)
    }

    /// Set by `scripts/check-safetensors.sh`.
    private static let python = ProcessInfo.processInfo.environment["CONCORD_PYTHON"]

    @Test(
        "the Python package reads what was written",
        .enabled(if: python != nil, "NOT CHECKED AGAINST THE PYTHON PACKAGE: run scripts/check-safetensors.sh"))
    func pythonReads() throws {
        try SafetensorsFile.write(SafetensorsTests.writable, metadata: ["a": "1", "b": "ü"], to: path)
        let output = "\(folder.path)/again.safetensors"
        // Reads every element and writes the file anew.
        let program = """
            import sys, safetensors, safetensors.numpy
            with safetensors.safe_open(sys.argv[1], "np") as file:
                assert file.metadata() == {"a": "1", "b": "ü"}, file.metadata()
                tensors = {name: file.get_tensor(name) for name in file.keys()}
            safetensors.numpy.save_file(tensors, sys.argv[2])
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(SafetensorsTests.python))
        process.arguments = ["-c", program, path, output]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let again = "\(folder.path)/expected.safetensors"
        try SafetensorsFile.write(SafetensorsTests.writable, to: again)
        #expect(try contents(of: output) == contents(of: again))
    }

    // MARK: Bad input

    private func write(header: String, data: Int = 0, length: UInt64? = nil) throws {
        let bytes = Array(header.utf8)
        try AtomicFile.write(to: path) { (file) throws(CheckpointError) in
            try file.append([length ?? UInt64(bytes.count)])
            try file.append(bytes)
            try file.append([UInt8](repeating: 0, count: data))
        }
    }

    private static func entry(_ type: String, _ shape: String, _ begin: String, _ end: String) -> String {
        #"{"dtype":"\#(type)","shape":[\#(shape)],"data_offsets":[\#(begin),\#(end)]}"#
    }

    private func expectRefusal(
        _ header: String, data: Int = 0, file problem: CheckpointError.FileProblem,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try write(header: header, data: data)
        #expect(throws: CheckpointError.invalidFile(path: path, problem: problem), sourceLocation: sourceLocation) {
            try SafetensorsFile(path: path)
        }
    }

    private func expectRefusal(
        _ header: String, data: Int = 0, tensor: String, _ problem: CheckpointError.TensorProblem,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try write(header: header, data: data)
        let error = CheckpointError.invalidTensor(path: path, tensor: tensor, problem: problem)
        #expect(throws: error, sourceLocation: sourceLocation) { try SafetensorsFile(path: path) }
        #expect(error.description.hasPrefix("\(path): tensor \"\(tensor)\""), sourceLocation: sourceLocation)
    }

    @Test("a missing file, a folder and an empty file are refused")
    func noFile() throws {
        #expect(throws: CheckpointError.missingFile(path: path)) { try SafetensorsFile(path: path) }
        #expect {
            try SafetensorsFile(path: folder.path)
        } throws: { error in
            if case .system("reading", folder.path, _) = error as? CheckpointError { true } else { false }
        }
        for count in 0..<8 {
            try AtomicFile.write([UInt8](repeating: 0, count: count), to: path)
            #expect(throws: CheckpointError.invalidFile(path: path, problem: .tooShort(found: count))) {
                try SafetensorsFile(path: path)
            }
        }
    }

    @Test("a header longer than the file is refused", arguments: [3, 1 << 40, 1 << 63, .max] as [UInt64])
    func headerBeyondEnd(length: UInt64) throws {
        try write(header: "{}", length: length)
        let problem = CheckpointError.FileProblem.headerBeyondEnd(length: length, available: 2)
        #expect(throws: CheckpointError.invalidFile(path: path, problem: problem)) { try SafetensorsFile(path: path) }
    }

    @Test("a header longer than any model's is refused unread")
    func headerTooLong() throws {
        let length = SafetensorsFile.maximumHeaderLength + 1
        try write(header: "{}", length: UInt64(length))
        #expect(truncate(path, 8 + length) == 0)
        let problem = CheckpointError.FileProblem.headerTooLong(
            length: UInt64(length), limit: SafetensorsFile.maximumHeaderLength)
        #expect(throws: CheckpointError.invalidFile(path: path, problem: problem)) { try SafetensorsFile(path: path) }
    }

    @Test("a header that is not the format's JSON is refused", arguments: [
        "", " {}", "[]", "{", "{}x", "{}{}", "{\"a\"}", "{\"a\":}", "{\"a\":1}", "{\"a\":{}}", "{,}", "null",
        "{\"a\":\(entry("F32", "", "0", "4")),}",
        "{\"__metadata__\":{\"a\":1}}", "{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", "{\"__metadata__\":null}",
        "{\"a\":\(entry("F32", "-1", "0", "4"))}", "{\"a\":\(entry("F32", "1.0", "0", "4"))}",
        "{\"a\":\(entry("F32", "01", "0", "4"))}", "{\"a\":\(entry("F32", "1e0", "0", "4"))}",
        "{\"a\":\(entry("F32", "1,", "0", "4"))}", "{\"a\":\(entry("F32", "9223372036854775808", "0", "4"))}",
        "{\"a\":\(entry("F32", "1", "0", "4,5"))}", "{\"a\":\(entry("F32", "1", "0", "18446744073709551620"))}",
        #"{"a":{"dtype":"F32","shape":[1]}}"#, #"{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"extra":[]}}"#,
        #"{"a":{"dtype":5,"shape":[1],"data_offsets":[0,4]}}"#, #"{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}"#,
        #"{"a\x":{}}"#, #"{"\u12":{}}"#, #"{"\ud800":{}}"#, #"{"\ud800\u0041":{}}"#, #"{"\udc00":{}}"#, "{\"a\nb\":{}}",
        #"{"a"#, #"{"a\"#, #"{"a\u00"#,
    ])
    func badJSON(header: String) throws {
        try write(header: header, data: 4)
        #expect {
            try SafetensorsFile(path: path)
        } throws: { error in
            if case .invalidFile(path, .header) = error as? CheckpointError { true } else { false }
        }
    }

    @Test("a name that is not UTF-8 is refused")
    func badUTF8() throws {
        try AtomicFile.write([7, 0, 0, 0, 0, 0, 0, 0] + Array("{\"".utf8) + [0xC3, 0x28] + Array("\":{".utf8), to: path)
        let problem = CheckpointError.FileProblem.header(offset: 2, expected: "a string in UTF-8")
        #expect(throws: CheckpointError.invalidFile(path: path, problem: problem)) { try SafetensorsFile(path: path) }
    }

    @Test("deep nesting does not reach the stack")
    func nesting() throws {
        try write(header: String(repeating: "{\"a\":", count: 1_000_000))
        #expect(throws: CheckpointError.self) { try SafetensorsFile(path: path) }
    }

    @Test("escapes, surrogate pairs and white space are understood")
    func escapes() throws {
        try write(
            header: "{ \"\\u0041\\n\\/\\ud83d\\ude00\" :\t{\"shape\" : [ 1 , 1 ],\n\"data_offsets\":[0, 4], \"dtype\":\"F32\"} }  ",
            data: 4)
        #expect(try SafetensorsFile(path: path).tensors.map(\.name) == ["A\n/😀"])
    }

    @Test("entries that lie are refused")
    func badEntries() throws {
        let entry = SafetensorsTests.entry
        try expectRefusal(
            "{\"a\":\(entry("F32", "1", "0", "4")),\"a\":\(entry("F32", "1", "4", "8"))}", data: 8, tensor: "a",
            .duplicateName)
        try expectRefusal("{\"a\":\(entry("F31", "1", "0", "4"))}", data: 4, tensor: "a", .unknownType("F31"))
        try expectRefusal(
            "{\"a\":\(entry("F32", "2", "0", "8"))}", data: 7, tensor: "a",
            .offsetsOutOfRange(begin: 0, end: 8, available: 7))
        try expectRefusal(
            "{\"a\":\(entry("F32", "1", "8", "4"))}", data: 8, tensor: "a",
            .offsetsOutOfRange(begin: 8, end: 4, available: 8))
        try expectRefusal(
            "{\"a\":\(entry("F32", "1", "9223372036854775803", "9223372036854775807"))}", data: 4, tensor: "a",
            .offsetsOutOfRange(begin: .max - 4, end: .max, available: 4))
        try expectRefusal(
            "{\"a\":\(entry("F32", "2", "0", "4"))}", data: 4, tensor: "a",
            .wrongByteCount(found: 4, expected: 8, type: "F32", shape: [2]))
        // Products that would come out right if they wrapped around.
        try expectRefusal(
            "{\"a\":\(entry("F32", "4611686018427387905", "0", "4"))}", data: 4, tensor: "a",
            .tooManyElements(shape: [4_611_686_018_427_387_905]))
        try expectRefusal(
            "{\"a\":\(entry("U8", "4294967296,4294967296", "0", "0"))}", tensor: "a",
            .tooManyElements(shape: [4_294_967_296, 4_294_967_296]))
    }

    @Test("tensors that overlap or leave gaps are refused")
    func layout() throws {
        let entry = SafetensorsTests.entry
        try expectRefusal(
            "{\"a\":\(entry("F32", "2", "0", "8")),\"b\":\(entry("F32", "2", "4", "12"))}", data: 12, tensor: "b",
            .overlap(other: "a"))
        try expectRefusal(
            "{\"a\":\(entry("F32", "1", "0", "4")),\"b\":\(entry("F32", "1", "8", "12"))}", data: 12,
            file: .unusedBytes(4..<8))
        try expectRefusal("{\"a\":\(entry("F32", "1", "4", "8"))}", data: 8, file: .unusedBytes(0..<4))
        try expectRefusal("{\"a\":\(entry("F32", "1", "0", "4"))}", data: 5, file: .unusedBytes(4..<5))
        try expectRefusal("{}", data: 1, file: .unusedBytes(0..<1))
    }

    @Test("no cut and no flipped bit of a header crashes the reader")
    func damage() throws {
        let bytes = try contents(of: fixture("all-types.safetensors"))
        for length in 0..<bytes.count {
            try overwrite(path, with: Array(bytes[..<length]))
            #expect(throws: CheckpointError.self) { try SafetensorsFile(path: path) }
        }
        for bit in 0..<(bytes.count - 94) * 8 {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            try overwrite(path, with: damaged)
            // Some flips make another valid file: a changed name, or a type of the same size.
            guard let file = try? SafetensorsFile(path: path) else { continue }
            for tensor in file.tensors {
                #expect(try file.withUnsafeBytes(of: tensor.name) { $0.count } == tensor.byteCount)
            }
        }
    }

    @Test("a tensor that is missing or of another type is named")
    func wrongAccess() throws {
        let path = try fixture("all-types.safetensors")
        let file = try SafetensorsFile(path: path)
        #expect(throws: CheckpointError.missingTensor(path: path, tensor: "head", known: file.tensors.map(\.name))) {
            try file.floats(of: "head")
        }
        #expect(throws: CheckpointError.wrongType(
            path: path, tensor: "labels", found: "I32", expected: "F32, F16, BF16 or F64")
        ) { try file.floats(of: "labels") }
        #expect {
            try file.integers(of: "trunk.half")
        } throws: { error in
            if case .wrongType(path, "trunk.half", "F16", _) = error as? CheckpointError { true } else { false }
        }
    }

    @Test("names that cannot be written are refused before the old file is touched")
    func badNames() throws {
        let tensor = NamedTensor(name: "a", shape: [1], elements: .float32([1]))
        try SafetensorsFile.write([tensor], to: path)
        let old = try contents(of: path)
        #expect(throws: CheckpointError.invalidTensor(path: path, tensor: "a", problem: .duplicateName)) {
            try SafetensorsFile.write([tensor, tensor], to: path)
        }
        let reserved = NamedTensor(name: "__metadata__", shape: [1], elements: .float32([1]))
        #expect(throws: CheckpointError.invalidTensor(path: path, tensor: "__metadata__", problem: .reservedName)) {
            try SafetensorsFile.write([reserved], to: path)
        }
        #expect(try contents(of: path) == old)
        #expect(try folder.contents() == ["model.safetensors"])
    }
}
