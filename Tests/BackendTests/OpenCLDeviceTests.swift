import CPUBackend
import Compute
import Foundation
import OpenCLBackend
import Testing

@Suite(.serialized, .enabled(if: !OpenCLDevice.available().isEmpty, "no OpenCL device"))
struct OpenCLDeviceTests {
    @Test("a kernel that does not compile shows the compiler's log")
    func buildFailure() throws {
        let device = try OpenCLDevice(index: 0, cache: nil)
        let error = try #require(throws: ComputeError.self) {
            try device.build("__kernel void broken(__global float* x) { x[0] = undeclared; }", name: "broken.cl")
        }
        guard case .buildFailed("broken.cl", device.information.name, _, let log) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(log.contains("undeclared"))
        #expect("\(error)".contains("building \"broken.cl\" failed on \"\(device.information.name)\""))
    }

    @Test("a device that does not exist is refused, with those that do")
    func unknownDevice() throws {
        let error = try #require(throws: ComputeError.self) { try OpenCLDevice(index: 1000) }
        guard case .noDevice("opencl:1000", let found, _) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(!found.isEmpty)
    }

    @Test("programs come from the disk again, and damaged files are built anew")
    func binaryCache() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("concord-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        func ones() throws -> [Float] {
            let device = try OpenCLDevice(index: 0, cache: BinaryCache(folder: folder))
            let buffer = try device.allocate(count: 33)
            try device.encode(.fill(Fill(count: 33)), [Operand(buffer)], scalars: [1])
            var values = [Float](repeating: 0, count: 33)
            try values.withUnsafeMutableBytes { try device.download(Operand(buffer), into: $0) }
            return values
        }
        let expected = [Float](repeating: 1, count: 33)
        #expect(try ones() == expected)
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(!files.isEmpty)
        let intact = try files.map { try Data(contentsOf: $0) }
        #expect(try ones() == expected)
        for file in files { try Data("garbage".utf8).write(to: file) }
        #expect(try ones() == expected)
        for (file, data) in zip(files, intact) { try data.prefix(data.count / 2).write(to: file) }
        #expect(try ones() == expected)
    }
}

@Suite("Memory of a device")
struct DeviceMemoryTests {
    private static let devices: [String] = ["cpu"] + (OpenCLDevice.available().isEmpty ? [] : ["opencl"])

    private func make(_ name: String) throws -> any Device {
        name == "cpu" ? CPUDevice() : try OpenCLDevice()
    }

    @Test("a device that is full says how much was asked for and how much is in use", arguments: devices)
    func outOfMemory(name: String) throws {
        let device = try make(name)
        device.pool.limit = 1 << 20
        let held = try device.allocate(count: 100_000)
        let live = device.pool.statistics.liveBytes
        #expect(live >= held.byteCount)
        let error = try #require(throws: ComputeError.self) { try device.allocate(count: 200_000) }
        #expect(
            error
                == .outOfMemory(device: device.information.name, requested: 800_000, live: live, limit: 1 << 20))
        #expect("\(error)".contains("800000 bytes requested, \(live) bytes in use, limit 1048576 bytes"))
        // The device works on.
        _ = try device.allocate(count: 100)
    }

    @Test("profiles count every run of a primitive", arguments: devices)
    func profile(name: String) throws {
        let device = try make(name)
        device.profile = Profile()
        let buffer = try device.allocate(count: 1 << 20)
        let fill = Primitive.fill(Fill(count: 1 << 20))
        for _ in 0..<3 { try device.encode(fill, [Operand(buffer)], scalars: [1]) }
        try device.synchronize()
        let entry = try #require(device.profile?.entries[fill])
        #expect(entry.runs == 3)
        #expect(entry.seconds > 0)
    }
}
