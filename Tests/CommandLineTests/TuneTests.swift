import Foundation
import OpenCLBackend
import Testing

@Suite("concord tune", .serialized, .enabled(if: !OpenCLDevice.available().isEmpty, "no OpenCL device"))
struct TuneTests {
    @Test("tunes within its time, and the device uses the file until it is damaged")
    func tune() throws {
        let folder = try TemporaryFolder()
        let outcome = try Concord.run("tune", "--seconds", "1", "--json", in: folder)
        #expect(outcome.status == 0)
        #expect(outcome.errors == "")
        let report = try #require(try jsonLines(outcome.output).first)
        let path = try #require(report["file"] as? String)
        #expect(path.hasPrefix("\(folder.path)/tuning/"))
        let decisions = try #require(report["decisions"] as? [[String: Any]])
        #expect(decisions.contains { $0["subject"] as? String == "tiles" })
        let file = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any])
        #expect(file["device"] as? String == report["name"] as? String)
        #expect(file["driver"] as? String == report["driver"] as? String)

        func tuning() throws -> [String: Any] {
            let devices = try Concord.run("devices", "--json", in: folder)
            let entries = try #require(try jsonLines(devices.output).first?["devices"] as? [[String: Any]])
            #expect(entries[0]["tuning"] == nil)
            return try #require(entries[1]["tuning"] as? [String: Any])
        }
        #expect(try tuning() as? [String: String] == ["source": "file", "file": path])

        try "{".write(toFile: path, atomically: false, encoding: .utf8)
        #expect(try tuning()["source"] as? String == "rejected")
        let bench = try Concord.run("bench", "gemm", "--m", "8", "--device", "opencl", in: folder)
        #expect(bench.status == 0)
        #expect(bench.errors.hasPrefix("Warning: \(path): the tuning file is damaged"))
        #expect(bench.errors.split(separator: "\n").count == 1)
    }

    @Test("says what it found in plain lines")
    func plain() throws {
        let outcome = try Concord.run("tune", "--seconds", "0.01")
        #expect(outcome.status == 0)
        #expect(!outcome.output.contains("\r"))
        #expect(outcome.outputLines.first?.hasPrefix("opencl:0 (") == true)
        #expect(outcome.output.contains("candidates compared, the shipped value stays"))
        #expect(outcome.outputLines.last?.hasPrefix("parameters and measurements: ") == true)
    }

    @Test("a device without parameters, a time that is none and a folder that cannot be made are refused")
    func refused() throws {
        let cpu = try Concord.run("tune", "--device", "cpu")
        #expect(cpu.status == 1)
        #expect(cpu.errors.hasPrefix("Error: cpu: has no kernel parameters"))
        let none = try Concord.run("tune", "--seconds", "0")
        #expect(none.status == 64)
        #expect(none.errors.contains("expected a positive one"))
        let folder = try TemporaryFolder()
        let file = try folder.write("", to: "file")
        let readOnly = try Concord.run(
            "tune", "--seconds", "1", environment: ["CONCORD_TUNING": "\(file)/tuning"], in: folder)
        #expect(readOnly.status == 1)
        #expect(readOnly.errors.contains("\(file)/tuning"))
    }

    @Test("nothing else writes tuning files")
    func training() throws {
        let folder = try TemporaryFolder()
        let step = try Concord.run(
            "bench", "step", "--workload", "lenet", "--method", "ew", "--batch", "2", "--device", "opencl", in: folder)
        #expect(step.status == 0)
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/tuning"))
    }
}
