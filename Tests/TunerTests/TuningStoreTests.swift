import CPUBackend
import Compute
import Foundation
import OpenCLBackend
import Testing
import Tuner

/// A folder that lives as long as this object.
private final class TemporaryFolder: Sendable {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("concord-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: url) }
}

@Suite("Tuning files")
struct TuningFileTests {
    private let parameters = TuningParameters(
        workGroupSize: 128, chunk: 64, reductionPiece: 512, workItemsPerUnit: 128, cacheBytes: 1 << 16,
        tiles: [Tile(rows: 4, vectors: 1), Tile(rows: 8, vectors: 3, lanes: 8)],
        groupTiles: [GroupTile(rows: 64, columns: 64, depth: 8, itemRows: 8, itemColumns: 4, padding: 0, speed: 0.5)])

    @Test("a file is read as it was written, and people can read it")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let path = folder.url.appendingPathComponent("device.json").path
        var file = TuningFile(for: .device(.openCLGPU))
        file.parameters = parameters
        file.record(
            TuningFile.Measurement(
                candidate: parameters, work: "gemm", medianMicroseconds: 0.5, minimumMicroseconds: 0.25, samples: 3,
                dropped: true))
        file.failures = [TuningFile.Failure(candidate: TuningParameters(chunk: 32), reason: "wrong")]
        try file.write(to: path)
        #expect(try TuningFile(contentsOf: path) == file)
        try file.check(for: .device(.openCLGPU))

        let text = try String(contentsOfFile: path, encoding: .utf8)
        for line in [
            "\"device\" : \"Device (TM) 1/2\"", "\"driver\" : \"1.0\"", "\"medianMicroseconds\" : 0.5",
            "\"reason\" : \"wrong\"",
        ] {
            #expect(text.contains(line))
        }
        // Nothing is left beside it.
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["device.json"])
    }

    @Test("a measurement replaces an earlier one of the same")
    func record() {
        var file = TuningFile(for: .processor)
        for median in [1.0, 2.0] {
            file.record(
                TuningFile.Measurement(
                    candidate: TuningParameters(chunk: 32), work: "gemm", medianMicroseconds: median,
                    minimumMicroseconds: 1, samples: 3, dropped: false))
        }
        #expect(file.measurements.map(\.medianMicroseconds) == [2])
    }

    @Test(
        "a damaged file says what is wrong with it",
        arguments: [
            ("{", "no JSON"), ("", "no JSON"), ("{\"format\": 1}", "no \"device\""),
            ("{\"format\": 1, \"device\": 7}", "a value of another type in device"),
        ])
    func damaged(text: String, problem: String) throws {
        let folder = try TemporaryFolder()
        let path = folder.url.appendingPathComponent("device.json").path
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        let error = try #require(throws: TuningFileError.self) { try TuningFile(contentsOf: path) }
        #expect("\(error)".contains("damaged (\(problem)"))
        #expect("\(error)".contains("run concord tune again"))
    }

    @Test("a file of another format, device or version, and one beyond the limits, is refused")
    func refused() throws {
        let information = DeviceInformation.device(.openCLGPU)
        let valid = TuningFile(for: information)
        try valid.check(for: information)

        var file = valid
        file.device = "Another"
        #expect(
            throws: TuningFileError.otherDevice(found: "Another (Vendor)", expected: "Device (TM) 1/2 (Vendor)")
        ) { try file.check(for: information) }
        file = valid
        file.kernels = "0"
        #expect(throws: TuningFileError.otherKernels) { try file.check(for: information) }
        let noRows = GroupTile(rows: 0, columns: 64, depth: 8, itemRows: 8, itemColumns: 8)
        let tooDeep = GroupTile(rows: 128, columns: 128, depth: 16, itemRows: 8, itemColumns: 8)
        for (parameters, name) in [
            (TuningParameters(workGroupSize: 512), "workGroupSize 512"),
            (TuningParameters(chunk: 40), "chunk 40"),
            (TuningParameters(reductionPiece: 0), "reductionPiece 0"),
            (TuningParameters(cacheBytes: 0), "cacheBytes 0"),
            (TuningParameters(workItemsPerUnit: 0), "workItemsPerUnit 0"),
            (TuningParameters(tiles: []), "tiles is empty"),
            (TuningParameters(tiles: [Tile(rows: 17, vectors: 1)]), "17 rows"),
            (TuningParameters(tiles: [Tile(rows: 8, vectors: 1, lanes: 4)]), "4 lanes"),
            (TuningParameters(groupTiles: [noRows]), "0×64"),
            (TuningParameters(groupTiles: [tooDeep]), "33792 bytes of local memory"),
        ] {
            file = valid
            file.parameters = parameters
            let error = try #require(throws: TuningFileError.self) { try file.check(for: information) }
            #expect("\(error)".contains(name))
        }

        let folder = try TemporaryFolder()
        let path = folder.url.appendingPathComponent("device.json").path
        file = valid
        file.format = 2
        try file.write(to: path)
        #expect(throws: TuningFileError.unknownFormat(2)) { try TuningFile(contentsOf: path) }
    }

    @Test("every vendor's class has shipped parameters within its limits; AMD's tiles are not padded")
    func shipped() {
        for kind in [DeviceKind.cpu, .openCLCPU, .openCLGPU, .openCLAccelerator] {
            let information = DeviceInformation.device(kind, maximumWorkGroupSize: 256)
            #expect(TuningParameters.shipped(for: information).problem(on: information) == nil)
        }
        func paddings(_ vendor: String) -> [Int] {
            TuningParameters.shipped(for: .device(.openCLGPU, vendor: vendor)).groupTiles?.map(\.padding) ?? []
        }
        #expect(Set(paddings("NVIDIA Corporation")) == [4])
        #expect(Set(paddings("Advanced Micro Devices, Inc.")) == [0])
        // A GPU of which only small groups can be had gets the tiles that fit.
        let small = DeviceInformation.device(.openCLGPU, maximumWorkGroupSize: 64)
        #expect(TuningParameters.shipped(for: small).groupTiles?.map(\.workItems) == [64])
    }

    @Test("files are named after vendor and device")
    func path() {
        let store = TuningStore(folder: URL(fileURLWithPath: "/folder"))
        #expect(store.path(for: .processor) == "/folder/vendor-device-tm-1-2.json")
    }
}

@Suite("Tuning files of a device", .serialized)
struct TuningStoreTests {
    @Test("after a change of the driver, entries that fail are removed and the others stay")
    func verification() throws {
        let device = FakeDevice(fault: { $0.chunk == 8192 ? .wrongResult : nil })
        var file = TuningFile(for: device.information)
        let tiles = TuningParameters(tiles: [Tile(rows: 8, vectors: 3)])
        file.parameters = TuningParameters(chunk: 8192).merging(tiles)
        let removed = try file.removeFailures(
            on: device, reference: CPUDevice(threads: 1), subjects: TuningSubject.few)
        #expect(removed == ["chunk 8192"])
        #expect(file.parameters == tiles)
        #expect(file.failures.map(\.candidate) == [TuningParameters(chunk: 8192)])
        #expect(device.checks.count { $0 == tiles } == TuningSubject.few[0].probes.count)
    }

    @Test("a folder that cannot be written is refused before anything is measured")
    func readOnly() throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("file")
        try "".write(to: file, atomically: false, encoding: .utf8)
        let store = TuningStore(folder: file.appendingPathComponent("tuning"))
        let device = FakeDevice()
        #expect(throws: (any Error).self) {
            try store.tune(
                device, reference: CPUDevice(threads: 1), settings: Tuner.Settings(budget: 1000),
                subjects: TuningSubject.few
            ) { _ in }
        }
        #expect(device.launches == 0)
    }

    @Test("what was found is on the disk after every parameter, and failures of an older driver are tried again")
    func tune() throws {
        let folder = try TemporaryFolder()
        let store = TuningStore(folder: folder.url.appendingPathComponent("new"))
        let device = FakeDevice(seconds: { $0.chunk == 1024 ? 0.5 : 1 })
        var old = TuningFile(for: device.information)
        old.driver = "0.9"
        old.failures = [TuningFile.Failure(candidate: TuningParameters(chunk: 1024), reason: "wrong")]
        let path = store.path(for: device.information)
        try FileManager.default.createDirectory(at: store.folder, withIntermediateDirectories: true)
        try old.write(to: path)
        var seen: [TuningParameters] = []
        let result = try store.tune(
            device, reference: CPUDevice(threads: 1), settings: Tuner.Settings(budget: 1000), subjects: TuningSubject.few
        ) { event in
            if case .decided = event { seen.append(try TuningFile(contentsOf: path).parameters) }
        }
        #expect(result.failures.isEmpty)
        #expect(result.driver == "1.0")
        #expect(seen.first == TuningParameters())
        #expect(seen.last == TuningParameters(chunk: 1024))
        #expect(try TuningFile(contentsOf: path) == result)
    }
}

@Suite("Selection at run time", .serialized, .enabled(if: !OpenCLDevice.available().isEmpty, "no OpenCL device"))
struct TuningSelectionTests {
    private let folder: TemporaryFolder
    private let store: TuningStore
    private let device: OpenCLDevice
    private let path: String
    private var file: TuningFile

    init() throws {
        folder = try TemporaryFolder()
        store = TuningStore(folder: folder.url)
        device = try OpenCLDevice()
        path = store.path(for: device.information)
        file = TuningFile(for: device.information)
        file.parameters = TuningParameters(chunk: 2048)
    }

    private func apply() { store.apply(to: device) { CPUDevice() } }

    @Test("without a file the shipped parameters are used, and none is made")
    func noFile() throws {
        apply()
        #expect(device.tuningSource == .shipped)
        #expect(device.tuningSource.warning == nil)
        #expect(device.parameters.isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }

    @Test("a file's parameters are used, and computed with")
    func used() throws {
        try file.write(to: path)
        apply()
        #expect(device.tuningSource == .file(path: path))
        #expect(device.tuningSource.warning == nil)
        #expect(device.parameters == file.parameters)
        let buffer = try device.allocate(count: 5000)
        try device.encode(.fill(Fill(count: 5000)), [Operand(buffer)], scalars: [3])
        var values = [Float](repeating: 0, count: 5000)
        try values.withUnsafeMutableBytes { try device.download(Operand(buffer), into: $0) }
        #expect(values == [Float](repeating: 3, count: 5000))
    }

    @Test("a file that cannot be used is named, and the shipped parameters are used", arguments: [0, 1, 2])
    func rejected(kind: Int) throws {
        var file = file
        switch kind {
        case 0: try "{".write(toFile: path, atomically: false, encoding: .utf8)
        case 1:
            file.device = "Another"
            try file.write(to: path)
        default:
            file.kernels = "0"
            try file.write(to: path)
        }
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        apply()
        let warning = try #require(device.tuningSource.warning)
        #expect(warning.hasPrefix("\(path): the tuning file "))
        #expect(warning.hasSuffix("The shipped kernel parameters are used."))
        #expect(device.parameters.isEmpty)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }

    @Test("after a change of the driver the file is verified once, and stamped")
    func changedDriver() throws {
        var file = file
        file.driver = "an older one"
        try file.write(to: path)
        apply()
        #expect(device.tuningSource == .file(path: path))
        #expect(device.parameters == file.parameters)
        file.driver = device.information.driver
        #expect(try TuningFile(contentsOf: path) == file)
        let launches = device.launches
        #expect(launches > 0)
        apply()
        #expect(device.launches == launches)
    }
}
