import Foundation
import Testing

/// A folder that lives as long as this object.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("concord-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and gives back its path.
    func write(_ text: String, to name: String) throws -> String {
        let file = "\(path)/\(name)"
        try text.write(toFile: file, atomically: false, encoding: .utf8)
        return file
    }
}

/// What a finished program has left behind.
struct Outcome {
    let status: Int32
    let output: String
    let errors: String

    var outputLines: [String] { output.split(separator: "\n").map(String.init) }
}

/// The `concord` program that was built together with the tests.
enum Concord {
    /// Beside the tests, in the folder of the build.
    private static func executable() throws -> URL {
        let candidates = Bundle.allBundles.map { $0.bundleURL.deletingLastPathComponent() }
            + [URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()]
        let found = candidates.map { $0.appendingPathComponent("concord") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
        return try #require(found, "no concord beside the tests; swift build makes it")
    }

    /// Starts the program with its output in files, which hold any amount.
    static func start(
        _ arguments: [String], input: String = "", environment: [String: String] = [:], in folder: TemporaryFolder
    ) throws -> RunningProgram {
        let process = Process()
        process.executableURL = try executable()
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        // What the user of this machine has tuned decides nothing here.
        process.environment = ProcessInfo.processInfo.environment
            .merging(["CONCORD_TUNING": "\(folder.path)/tuning"]) { $1 }.merging(environment) { $1 }
        let name = UUID().uuidString
        let inputPath = try folder.write(input, to: "\(name).in")
        let outputPath = try folder.write("", to: "\(name).out")
        let errorPath = try folder.write("", to: "\(name).err")
        let inputHandle: FileHandle = try #require(FileHandle(forReadingAtPath: inputPath))
        process.standardInput = inputHandle
        let outputHandle: FileHandle = try #require(FileHandle(forWritingAtPath: outputPath))
        process.standardOutput = outputHandle
        let errorHandle: FileHandle = try #require(FileHandle(forWritingAtPath: errorPath))
        process.standardError = errorHandle
        try process.run()
        return RunningProgram(process: process, folder: folder, outputPath: outputPath, errorPath: errorPath)
    }

    /// Runs the program to its end.
    static func run(
        _ arguments: String..., input: String = "", environment: [String: String] = [:], in folder: TemporaryFolder? = nil
    ) throws -> Outcome {
        try start(arguments, input: input, environment: environment, in: folder ?? TemporaryFolder()).outcome()
    }
}

struct RunningProgram {
    let process: Process
    /// Kept until the program's output was read.
    fileprivate let folder: TemporaryFolder
    fileprivate let outputPath: String
    fileprivate let errorPath: String

    /// Waits for the end.
    func outcome() throws -> Outcome {
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, output: try String(contentsOfFile: outputPath, encoding: .utf8),
            errors: try String(contentsOfFile: errorPath, encoding: .utf8))
    }

    /// Waits until something holds, or the program has ended.
    func wait(until condition: () throws -> Bool) throws {
        while process.isRunning, try !condition() { usleep(2000) }
    }
}

/// The objects of a text with one JSON object a line.
func jsonLines(_ text: String) throws -> [[String: Any]] {
    try text.split(separator: "\n").map { line in
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
}
