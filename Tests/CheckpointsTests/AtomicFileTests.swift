import Checkpoints
import Foundation
import Testing

@Suite("Atomic files and folders")
struct AtomicFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("a file is written and replaced, and nothing else is left")
    func writes() throws {
        let path = "\(folder.path)/state.json"
        try AtomicFile.write("one", to: path)
        #expect(try contents(of: path) == Array("one".utf8))
        try AtomicFile.write([2, 3], to: path)
        #expect(try contents(of: path) == [2, 3])
        try AtomicFile.write(to: path) { (file) throws(CheckpointError) in
            try file.append([1, -1] as [Int32])
            try file.append([] as [UInt8])
            try file.append([1.5] as [Float])
        }
        #expect(try contents(of: path) == [1, 0, 0, 0, 255, 255, 255, 255, 0, 0, 192, 63])
        #expect(try folder.contents() == ["state.json"])
    }

    @Test("a large file is written whole")
    func large() throws {
        let path = "\(folder.path)/large"
        let values = (0..<3_000_000).map(Int32.init)
        try AtomicFile.write(to: path) { (file) throws(CheckpointError) in try file.append(values) }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(bytes == values.withUnsafeBytes { Data($0) })
    }

    @Test("where writing fails half-way the old file is intact and no other is left")
    func failure() throws {
        let path = "\(folder.path)/model"
        try AtomicFile.write("old", to: path)
        let failure = CheckpointError.missingFile(path: "the source")
        #expect(throws: failure) {
            try AtomicFile.write(to: path) { (file) throws(CheckpointError) in
                try file.append([UInt8](repeating: 1, count: 100_000))
                throw failure
            }
        }
        #expect(try contents(of: path) == Array("old".utf8))
        #expect(try folder.contents() == ["model"])
    }

    @Test("while a file is being written the old one is what others see")
    func isolation() throws {
        let path = "\(folder.path)/model"
        try AtomicFile.write("old", to: path)
        var seen: [UInt8] = []
        try AtomicFile.write(to: path) { (file) throws(CheckpointError) in
            try file.append(Array("new".utf8))
            seen = (try? contents(of: path)) ?? []
        }
        #expect(seen == Array("old".utf8))
        #expect(try contents(of: path) == Array("new".utf8))
    }

    @Test("a path that cannot be written to is named, and nothing is left")
    func unwritable() throws {
        let nowhere = "\(folder.path)/missing/model"
        #expect(throws: CheckpointError.system(call: "open", path: nowhere, code: ENOENT)) {
            try AtomicFile.write("x", to: nowhere)
        }
        let directory = "\(folder.path)/directory"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        #expect(throws: CheckpointError.system(call: "rename", path: directory, code: EISDIR)) {
            try AtomicFile.write("x", to: directory)
        }
        let long = "\(folder.path)/" + String(repeating: "n", count: 300)
        #expect(throws: CheckpointError.system(call: "rename", path: long, code: ENAMETOOLONG)) {
            try AtomicFile.write("x", to: long)
        }
        #expect(try folder.contents() == ["directory"])
        // The longest name that the system takes is not too long for the temporary file's either.
        let longest = "\(folder.path)/" + String(repeating: "n", count: 255)
        try AtomicFile.write("x", to: longest)
        #expect(try contents(of: longest) == Array("x".utf8))
    }

    @Test("a relative path is relative to the working folder")
    func relativePath() throws {
        let name = "concord-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: name) }
        try AtomicFile.write("x", to: name)
        #expect(try contents(of: name) == Array("x".utf8))
    }

    @Test("the message of a full disk says what to do")
    func message() {
        let error = CheckpointError.system(call: "write", path: "runs/model", code: ENOSPC)
        #expect(error.description == "runs/model: write failed: No space left on device. Make room on the disk.")
    }
}
