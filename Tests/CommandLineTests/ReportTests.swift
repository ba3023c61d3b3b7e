import Checkpoints
import Foundation
import Testing

@Suite("concord devices, bench, selftest and inspect")
struct ReportTests {
    /// No OpenCL driver is found there.
    private static func withoutDrivers(_ folder: TemporaryFolder) throws -> [String: String] {
        let path = "\(folder.path)/vendors"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return ["OCL_ICD_VENDORS": path]
    }

    @Test("devices --json lists figures and the choice of auto")
    func devices() throws {
        let outcome = try Concord.run("devices", "--json")
        #expect(outcome.status == 0)
        let report = try #require(try jsonLines(outcome.output).first)
        let devices = try #require(report["devices"] as? [[String: Any]])
        let identifiers = devices.compactMap { $0["identifier"] as? String }
        #expect(identifiers.first == "cpu")
        #expect(identifiers.dropFirst() == ArraySlice(identifiers.indices.dropLast().map { "opencl:\($0)" }))
        for device in devices {
            for key in ["name", "vendor", "driver", "kind"] { #expect(device[key] is String) }
            for key in ["gflops", "gbps", "computeUnits", "memoryBytes"] {
                #expect(try #require(device[key] as? Double) > 0)
            }
        }
        let choice = try #require(report["auto"] as? [String: Any])
        #expect(identifiers.contains(try #require(choice["identifier"] as? String)))
        #expect(choice["reason"] is String)
    }

    @Test("without an OpenCL driver the CPU works, and asking for OpenCL says what is missing")
    func noDriver() throws {
        let folder = try TemporaryFolder()
        let environment = try ReportTests.withoutDrivers(folder)
        let devices = try Concord.run("devices", "--json", environment: environment, in: folder)
        let report = try #require(try jsonLines(devices.output).first)
        #expect((report["devices"] as? [[String: Any]])?.count == 1)
        #expect((report["auto"] as? [String: Any])?["identifier"] as? String == "cpu")

        let bench = try Concord.run(
            "bench", "gemm", "--m", "8", "--device", "opencl", environment: environment, in: folder)
        #expect(bench.status == 1)
        #expect(bench.errors.hasPrefix("Error: no device \"opencl\"; found: cpu ("))
        #expect(bench.errors.contains("pocl-opencl-icd"))
        #expect(bench.errors.split(separator: "\n").count == 1)

        let onCPU = try Concord.run(
            "bench", "gemm", "--m", "8", "--device", "cpu", environment: environment, in: folder)
        #expect(onCPU.status == 0)
    }

    @Test("a device that nobody knows is refused", arguments: ["gpu", "opencl:99", "opencl:x", "cpu:0"])
    func unknownDevice(request: String) throws {
        let outcome = try Concord.run("bench", "gemm", "--m", "8", "--device", request)
        #expect(outcome.status == 1)
        #expect(outcome.errors.hasPrefix("Error: no device \"\(request)\"; found: cpu ("))
    }

    @Test("bench gemm --json has its keys, and a rate that follows from them")
    func benchGEMM() throws {
        let outcome = try Concord.run(
            "bench", "gemm", "--m", "64", "--n", "32", "--k", "16", "--device", "cpu", "--json")
        #expect(outcome.status == 0)
        let lines = try jsonLines(outcome.output)
        #expect(lines.count == 1)
        let result = try #require(lines.first)
        #expect(
            Set(result.keys)
                == ["operation", "shape", "device", "milliseconds", "minimum", "gflops", "peakShare"])
        #expect(result["operation"] as? String == "gemm")
        #expect(result["shape"] as? String == "m=64 n=32 k=16")
        #expect(result["device"] as? String == "cpu")
        let milliseconds = try #require(result["milliseconds"] as? Double)
        let gflops = try #require(result["gflops"] as? Double)
        #expect(abs(gflops * milliseconds * 1e6 / Double(2 * 64 * 32 * 16) - 1) < 1e-9)
        #expect(try #require(result["minimum"] as? Double) <= milliseconds)
    }

    @Test("bench step --json describes the standard workload", arguments: ["ew", "pcgrad"])
    func benchStep(method: String) throws {
        let outcome = try Concord.run(
            "bench", "step", "--workload", "lenet", "--method", method, "--batch", "2", "--device", "cpu", "--json")
        #expect(outcome.status == 0)
        let result = try #require(try jsonLines(outcome.output).first)
        #expect(result["workload"] as? String == "lenet")
        #expect(result["method"] as? String == method)
        #expect(result["tasks"] as? Int == 2)
        // Two convolutions, the connected layer of 50, and two heads 50–50–10.
        let trunk = (25 * 10 + 10) + (25 * 10 * 20 + 20) + (720 * 50 + 50)
        #expect(result["parameters"] as? Int == trunk + 2 * ((50 * 50 + 50) + (50 * 10 + 10)))
        #expect(result["batch"] as? Int == 2)
        for key in ["milliseconds", "minimum", "peakBytes", "launches"] {
            #expect(try #require(result[key] as? Double) > 0)
        }
    }

    @Test("bench refuses what makes no sense")
    func benchUsage() throws {
        #expect(try Concord.run("bench", "gemm", "--m", "0").status == 64)
        #expect(try Concord.run("bench", "gemm", "--m", "9223372036854775807").status == 64)
        #expect(try Concord.run("bench", "gemm", "--n", "5").status == 64)
        #expect(try Concord.run("bench", "step", "--workload", "lenet", "--batch", "0").status == 64)
        #expect(try Concord.run("bench", "step", "--workload", "vgg").status == 64)
        #expect(try Concord.run("bench", "step", "--workload", "lenet", "--method", "no").status == 1)
    }

    @Test("selftest passes on the CPU and says so")
    func selftest() throws {
        #if DEBUG
            // The reference takes minutes for the large cases where it is not optimised.
            let outcome = try Concord.run("selftest", "--device", "cpu", "--json", "--tiny")
            let expected: Set = ["value"]
        #else
            let outcome = try Concord.run("selftest", "--device", "cpu", "--json")
            let expected: Set = ["value", "derivative"]
        #endif
        let report = try #require(try jsonLines(outcome.output).first)
        #expect(report["passed"] as? Bool == true)
        #expect(outcome.status == 0)
        let checks = try #require(report["checks"] as? [[String: Any]])
        #expect(Set(checks.compactMap { $0["check"] as? String }) == expected)
        for check in checks {
            #expect(check["cases"] as? Int == check["passed"] as? Int)
            #expect(try #require(check["worst"] as? Double) <= 1)
        }
    }

    @Test("inspect lists tensors and totals")
    func inspect() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/tensors.safetensors"
        try SafetensorsFile.write(
            [
                NamedTensor(name: "trunk.weight", shape: [2, 3], elements: .float32([1, 2, 3, 4, 5, 6])),
                NamedTensor(name: "labels", shape: [4], elements: .int32([1, 2, 3, 4])),
            ], metadata: ["format": "concord"], to: path)
        let outcome = try Concord.run("inspect", path, in: folder)
        #expect(outcome.status == 0)
        #expect(
            outcome.output == """
                name          type  shape   elements
                trunk.weight  F32   [2, 3]         6
                labels        I32   [4]            4

                safetensors: 2 tensors, 10 elements, 40 B
                format: concord

                """)
        let broken = try folder.write("no tensors", to: "broken.safetensors")
        let failure = try Concord.run("inspect", broken, in: folder)
        #expect(failure.status == 1)
        #expect(failure.errors.hasPrefix("Error: \(broken): "))
    }
}
