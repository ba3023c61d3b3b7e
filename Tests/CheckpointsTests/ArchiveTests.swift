import Checkpoints
import Foundation
import Testing

/// Files that the peers wrote, against what they were given to write.
@Suite("Archives of tensors")
struct ArchiveTests {
    private struct Expected: Decodable {
        let name: String
        let type: String
        let shape: [Int]
        let bytes: String
    }

    private static let expected: [String: [Expected]] = {
        guard let path = try? fixture("archives.json"), let data = FileManager.default.contents(atPath: path) else {
            return [:]
        }
        return (try? JSONDecoder().decode([String: [Expected]].self, from: data)) ?? [:]
    }()

    @Test(
        "a file of a peer reads bit for bit as what was written",
        arguments: [
            ("state-legacy.pt", "PyTorch, legacy"), ("state-zip.pt", "PyTorch, zip"), ("run-legacy.pt", "PyTorch, legacy"),
            ("run-zip.pt", "PyTorch, zip"), ("arrays.npz", "NumPy, zip"), ("arrays-compressed.npz", "NumPy, zip"),
            ("fortran.npy", "NumPy"), ("tensors.onnx", "ONNX"), ("frozen.pb", "TensorFlow graph"),
        ])
    func readsPeers(_ file: String, _ format: String) throws {
        let expected = try #require(ArchiveTests.expected[file])
        let archive = try TensorArchives.open(fixture(file))
        #expect(archive.format == format)
        #expect(archive.tensors.map(\.name) == expected.map(\.name))
        for tensor in expected {
            let found = try archive.tensor(named: tensor.name)
            #expect(found.type.rawValue == tensor.type, "\(tensor.name)")
            #expect(found.shape == tensor.shape, "\(tensor.name)")
            let bytes = try archive.withUnsafeBytes(of: tensor.name) { Array($0) }
            #expect(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == tensor.bytes, "\(tensor.name)")
        }
        #expect(throws: CheckpointError.self) { try archive.floats(of: "no such tensor") }
    }

    @Test("numbers and texts beside the tensors are metadata", arguments: ["run-legacy.pt", "run-zip.pt"])
    func metadata(_ file: String) throws {
        let archive = try TensorArchives.open(fixture(file))
        #expect(archive.metadata["epoch"] == "12")
        #expect(archive.metadata["note"] == "ä")
        #expect(archive.metadata["optimizer.lr"] == "0.1")
    }

    @Test("floats of strided tensors are those of the elements' order, not the file's")
    func floats() throws {
        let archive = try TensorArchives.open(fixture("run-legacy.pt"))
        // The parameter is the transpose of [[1, 2], [3, 4]].
        #expect(try archive.floats(of: "model.weight") == [1, 3, 2, 4])
        #expect(try archive.floats(of: "optimizer.state.0.exp_avg") == [0.25, -0.25])
    }

    // MARK: Sharded safetensors

    private func writeShards(in folder: TemporaryFolder, index: String) throws -> String {
        try SafetensorsFile.write(
            [NamedTensor(name: "a", shape: [2], elements: .float32([1, 2]))], to: "\(folder.path)/one.safetensors")
        try SafetensorsFile.write(
            [NamedTensor(name: "b", shape: [1], elements: .int64([3]))], to: "\(folder.path)/two.safetensors")
        let path = "\(folder.path)/model.safetensors.index.json"
        try overwrite(path, with: Array(index.utf8))
        return path
    }

    @Test("an index opens the files that it names")
    func sharded() throws {
        let folder = try TemporaryFolder()
        let path = try writeShards(
            in: folder,
            index: """
                {"metadata": {"total_size": 16.5, "nested": [{"x": null}, "}"]},
                 "weight_map": {"b": "two.safetensors", "a": "one.safetensors"}}
                """)
        let archive = try TensorArchives.open(path)
        #expect(archive.format == "safetensors index")
        #expect(archive.tensors.map(\.name) == ["a", "b"])
        #expect(try archive.floats(of: "a") == [1, 2])
        #expect(try archive.integers(of: "b") == [3])
    }

    @Test(
        "an index that differs from its files is refused",
        arguments: [
            (#"{"weight_map": {"a": "one.safetensors"#, "expected"),
            (#"{"weight_map": {"a": "one.safetensors", "a": "one.safetensors"}}"#, "occurs twice"),
            (#"{"weight_map": {"a": "one.safetensors", "c": "one.safetensors"}}"#, "\"c\""),
            (#"{"weight_map": {"c": "one.safetensors"}}"#, "\"a\""),
            (#"{"weight_map": {"a": "../one.safetensors"}}"#, "../one.safetensors"),
            (#"{"weight_map": {"a": "three.safetensors"}}"#, "no such file"),
            (#"{"metadata": {}}"#, "weight_map"),
            (#"{"metadata": [}"#, "expected"),
        ])
    func brokenIndex(_ index: String, _ words: String) throws {
        let folder = try TemporaryFolder()
        let path = try writeShards(in: folder, index: index)
        let error = #expect(throws: CheckpointError.self) { try TensorArchives.open(path) }
        #expect(String(describing: error).contains(words))
    }

    // MARK: Writing NumPy's archives

    @Test("an archive that was written for NumPy reads back, and always has the same bytes")
    func numPyRoundTrip() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/arrays.npz"
        let tensors = [
            NamedTensor(name: "trunk.weight", shape: [2, 3], elements: .float32([1, -2.5, 0.1, 3e38, 0, -0.0])),
            NamedTensor(name: "labels", shape: [3], elements: .int32([.min, 0, .max])),
            NamedTensor(name: "step", shape: [], elements: .int64([-(1 << 62)])),
            NamedTensor(name: "ä/empty", shape: [0, 4], elements: .float32([])),
        ]
        try NumPyArchive.write(tensors, to: path)
        let bytes = try contents(of: path)
        try NumPyArchive.write(tensors, to: path)
        #expect(try contents(of: path) == bytes)
        let archive = try TensorArchives.open(path)
        #expect(archive.tensors.map(\.name) == tensors.map(\.name))
        #expect(archive.tensors.map(\.shape) == tensors.map(\.shape))
        let weights: [Float] = [1, -2.5, 0.1, 3e38, 0, -0.0]
        #expect(try archive.floats(of: "trunk.weight").map(\.bitPattern) == weights.map(\.bitPattern))
        #expect(try archive.integers(of: "labels") == [-(1 << 31), 0, 1 << 31 - 1])
        #expect(try archive.integers(of: "step") == [-(1 << 62)])
        #expect(try archive.floats(of: "ä/empty") == [])
        #expect(throws: CheckpointError.invalidTensor(path: path, tensor: "step", problem: .duplicateName)) {
            try NumPyArchive.write([tensors[2], tensors[2]], to: path)
        }
        #expect(try contents(of: path) == bytes)
    }

    private static let python = ProcessInfo.processInfo.environment["CONCORD_PYTHON"]

    @Test(
        "NumPy reads what is written for it",
        .enabled(if: python != nil, "CONCORD_PYTHON names no Python with numpy; scripts/check-readers.sh does"))
    func numPyReads() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/arrays.npz"
        try NumPyArchive.write(
            [
                NamedTensor(name: "weight", shape: [2, 3], elements: .float32([1, 2, 3, 4, 5, 6.5])),
                NamedTensor(name: "step", shape: [], elements: .int64([7])),
                NamedTensor(name: "empty", shape: [0, 4], elements: .int32([])),
            ], to: path)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(ArchiveTests.python))
        process.arguments = [
            "-c",
            """
            import numpy, sys, zipfile
            assert zipfile.ZipFile(sys.argv[1]).testzip() is None
            a = numpy.load(sys.argv[1])
            assert a["weight"].tolist() == [[1, 2, 3], [4, 5, 6.5]] and a["weight"].dtype == "float32"
            assert a["step"] == 7 and a["step"].dtype == "int64" and a["empty"].shape == (0, 4)
            """, path,
        ]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }
}
