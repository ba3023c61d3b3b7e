import CPUBackend
import Compute
import OpenCLBackend
import Testing
import Tuner

/// Tunes a device with all the time in the world.
private func tune(
    _ device: FakeDevice, startingFrom file: TuningFile? = nil, budget: Double = 1000
) throws -> (file: TuningFile, decisions: [String: Tuner.Decision]) {
    var decisions: [String: Tuner.Decision] = [:]
    let tuner = Tuner(
        device, reference: CPUDevice(threads: 1), settings: Tuner.Settings(budget: budget), subjects: TuningSubject.few)
    let result = try tuner.run(startingFrom: file ?? TuningFile(for: device.information)) { event, _ in
        if case .decided(let decision) = event { decisions[decision.subject] = decision }
    }
    return (result, decisions)
}

@Suite("Tuner", .serialized)
struct TunerTests {
    /// Local memory of two buffers of padded lines of both factors.
    private static func localBytes(_ tile: GroupTile) -> Int {
        2 * tile.depth * 4 * (tile.rows + tile.padding + tile.columns + tile.padding)
    }

    @Test("candidates stay within the limits of the device", arguments: [64, 128, 256, 1024], [8, 16, 32, 64])
    func limits(maximumWorkGroupSize: Int, localKilobytes: Int) throws {
        for kind in [DeviceKind.openCLCPU, .openCLGPU] {
            let information = DeviceInformation.device(
                kind, localMemoryBytes: localKilobytes << 10, maximumWorkGroupSize: maximumWorkGroupSize)
            let subjects = TuningSubject.all(for: information)
            #expect(!subjects.isEmpty)
            for subject in subjects {
                #expect(Set(subject.candidates).count == subject.candidates.count)
                #expect(!subject.candidates.contains(subject.shipped))
                for candidate in subject.candidates {
                    #expect(candidate.workGroupSize ?? 1 <= min(256, maximumWorkGroupSize))
                    for tile in candidate.groupTiles ?? [] {
                        #expect((tile.rows / tile.itemRows) * (tile.columns / tile.itemColumns)
                            <= min(256, maximumWorkGroupSize))
                        #expect(TunerTests.localBytes(tile) <= min(32, localKilobytes) << 10)
                        #expect(tile.itemRows * tile.itemColumns < 128)
                    }
                    // 28 sums and a line of 4 vectors fill the 32 registers of AVX-512.
                    for tile in candidate.tiles ?? [] where kind == .openCLCPU {
                        #expect((tile.rows + 1) * tile.vectors <= 32)
                    }
                }
            }
            #expect(subjects.contains { $0.name == "groupTiles" } == (kind == .openCLGPU))
        }
    }

    @Test("the fastest candidate is chosen, and who is too slow is left out early")
    func losers() throws {
        let device = FakeDevice(seconds: { parameters in
            switch parameters.chunk {
            case 16384: 0.8
            case 1024: 1.3
            case 65536: 2
            default: 1
            }
        })
        let (file, decisions) = try tune(device)
        #expect(file.parameters == TuningParameters(chunk: 16384))
        #expect(file.failures.isEmpty)
        func measurements(_ chunk: Int) -> [TuningFile.Measurement] {
            file.measurements.filter { $0.candidate == TuningParameters(chunk: chunk) }
        }
        for chunk in [4096, 16384] {
            #expect(!measurements(chunk).isEmpty)
            #expect(measurements(chunk).allSatisfy { $0.samples == 10 && !$0.dropped })
            #expect(measurements(chunk).allSatisfy { $0.medianMicroseconds == (chunk == 4096 ? 1e6 : 8e5) })
        }
        // 1.3 / 0.8 and 2 / 0.8 are above 1.5.
        for chunk in [1024, 65536] {
            #expect(!measurements(chunk).isEmpty)
            #expect(measurements(chunk).allSatisfy { $0.samples == 3 && $0.dropped })
        }
        let decision = try #require(decisions["chunk"])
        #expect(decision.choice == "chunk 16384")
        #expect(abs(decision.timeShare - 0.8) < 1e-9)
        #expect(decision.compared == decision.candidates)
        #expect(decisions["tiles"]?.choice == nil)
        // The device is left as it was.
        #expect(device.parameters == TuningParameters())
    }

    @Test("what is shipped stays where nothing is clearly faster")
    func nearTie() throws {
        let (file, decisions) = try tune(FakeDevice(seconds: { $0.chunk == 8192 ? 0.98 : 1 }))
        #expect(file.parameters.isEmpty)
        #expect(decisions.values.allSatisfy { $0.choice == nil && $0.timeShare == 1 })
        #expect(!decisions.isEmpty)
    }

    @Test(
        "a candidate that misbehaves is recorded, not chosen and not tried again",
        arguments: FakeDevice.Fault.allCases)
    func faults(fault: FakeDevice.Fault) throws {
        let candidate = TuningParameters(chunk: 8192)
        func device() -> FakeDevice {
            FakeDevice(
                seconds: { $0.chunk == 8192 ? 0.1 : $0.chunk == 2048 ? 0.75 : 1 },
                fault: { $0.chunk == 8192 ? fault : nil })
        }
        let first = device()
        let (file, _) = try tune(first)
        #expect(file.failures.map(\.candidate) == [candidate])
        let reason = try #require(file.failures.first?.reason)
        switch fault {
        case .wrongResult: #expect(reason.contains("element 0 of the result is 0.5, the CPU has "))
        case .writesBefore: #expect(reason.contains("wrote element -1 of operand 1"))
        case .writesBehind: #expect(reason.contains("wrote element 1063 of operand 1"))
        case .changesInput: #expect(reason.contains("wrote element 0 of operand 0"))
        case .doesNotBuild: #expect(reason.contains("no such thing"))
        }
        #expect(file.measurements.allSatisfy { $0.candidate != candidate })
        #expect(file.parameters == TuningParameters(chunk: 2048))
        #expect(first.checks.count { $0.chunk == 8192 } == 1)

        let second = device()
        let (again, _) = try tune(second, startingFrom: file)
        #expect(!second.checks.contains { $0.chunk == 8192 })
        #expect(again.failures == file.failures)
        #expect(again.parameters == file.parameters)
    }

    @Test("where what is shipped fails, the fastest of the others takes its place")
    func shippedFails() throws {
        let device = FakeDevice(
            seconds: { $0.chunk == 1024 ? 3 : 4 }, fault: { $0.chunk == 4096 ? .wrongResult : nil })
        let (file, _) = try tune(device)
        #expect(file.failures.map(\.candidate) == [TuningParameters(chunk: 4096)])
        #expect(file.parameters == TuningParameters(chunk: 1024))
    }

    @Test("without time nothing is decided, and what was found before stays")
    func noTime() throws {
        let device = FakeDevice()
        var file = TuningFile(for: device.information)
        file.parameters = TuningParameters(chunk: 8192)
        let (result, decisions) = try tune(device, startingFrom: file, budget: 0)
        #expect(result == file)
        #expect(device.launches == 0)
        #expect(!decisions.isEmpty)
        #expect(decisions.values.allSatisfy { $0.compared == 0 && $0.choice == nil })
    }
}

@Suite("Probes", .serialized, .enabled(if: !OpenCLDevice.available().isEmpty, "no OpenCL device"))
struct ProbeTests {
    @Test("the shipped kernels compute every bit of the CPU's result")
    func shipped() throws {
        let device = try OpenCLDevice()
        for subject in TuningSubject.all(for: device.information) {
            for probe in subject.probes {
                let loaded = try LoadedProbe(probe, on: device, reference: CPUDevice())
                try loaded.check()
                #expect(try loaded.sample() > 0)
            }
        }
    }
}
