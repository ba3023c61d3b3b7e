import CPUBackend
import Compute
import Tuner
import OpenCLBackend

/// Computes on the CPU, takes as long as a test says, and misbehaves with the parameters that a test names.
final class FakeDevice: TunableDevice {
    enum Fault: CaseIterable {
        case wrongResult, writesBefore, writesBehind, changesInput, doesNotBuild
    }

    let information: DeviceInformation
    var parameters = TuningParameters()
    var profile: Profile?
    private(set) var launches = 0
    /// Runs that were not timed, with the parameters of each.
    private(set) var checks: [TuningParameters] = []
    /// Seconds of a run.
    private let seconds: (TuningParameters) -> Double
    private let fault: (TuningParameters) -> Fault?
    private let cpu = CPUDevice(threads: 1)
    /// Where the memory of every buffer really is.
    private var memory: [OpaquePointer: Buffer] = [:]
    /// Blocks have a place and no memory.
    let pool = BufferPool(
        limit: 1 << 40,
        source: BufferPool.Source(
            allocate: { _ in OpaquePointer(UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)) },
            free: { UnsafeMutableRawPointer($0).deallocate() }))

    init(
        _ information: DeviceInformation = .processor, seconds: @escaping (TuningParameters) -> Double = { _ in 1 },
        fault: @escaping (TuningParameters) -> Fault? = { _ in nil }
    ) {
        self.information = information
        self.seconds = seconds
        self.fault = fault
    }

    func encode(
        _ primitive: Primitive, _ operands: [Operand], scalars: [Float], random: RandomPosition?
    ) throws(ComputeError) {
        launches += 1
        // While a profile is collected only the time counts.
        guard profile == nil else {
            profile?.record(primitive, seconds: seconds(parameters))
            return
        }
        checks.append(parameters)
        let fault = fault(parameters)
        if fault == .doesNotBuild {
            throw .buildFailed(program: "fake.cl", device: information.name, options: "", log: "no such thing")
        }
        var places: [Operand] = []
        for operand in operands { places.append(try onCPU(operand)) }
        try cpu.encode(primitive, places, scalars: scalars, random: random)
        let result = operands[operands.count - 1]
        switch fault {
        case nil, .doesNotBuild: break
        case .wrongResult: try overwrite(result)
        case .writesBefore: try overwrite(Operand(result.buffer, offset: result.offset - 1))
        case .writesBehind: try overwrite(Operand(result.buffer, offset: result.buffer.byteCount / 4 - 1))
        case .changesInput: try overwrite(operands[0])
        }
    }

    /// The place in the CPU's memory.
    private func onCPU(_ place: Operand) throws(ComputeError) -> Operand {
        let buffer = place.buffer
        if let found = memory[buffer.handle], found.byteCount == buffer.byteCount {
            return Operand(found, offset: place.offset)
        }
        let made = try cpu.allocate(count: buffer.byteCount / 4)
        memory[buffer.handle] = made
        return Operand(made, offset: place.offset)
    }

    /// Writes a number that no result is.
    private func overwrite(_ place: Operand) throws(ComputeError) {
        let number = [Float(0.5)]
        let place = try onCPU(place)
        number.withUnsafeBytes { cpu.upload($0, to: place) }
    }

    func upload(_ bytes: UnsafeRawBufferPointer, to operand: Operand) throws(ComputeError) {
        cpu.upload(bytes, to: try onCPU(operand))
    }

    func download(_ operand: Operand, into bytes: UnsafeMutableRawBufferPointer) throws(ComputeError) {
        cpu.download(try onCPU(operand), into: bytes)
    }

    func synchronize() { cpu.synchronize() }
}

extension DeviceInformation {
    /// A processor with an OpenCL driver.
    static let processor = DeviceInformation.device(.openCLCPU)

    static func device(
        _ kind: DeviceKind, vendor: String = "Vendor", localMemoryBytes: Int = 48 << 10,
        maximumWorkGroupSize: Int = 1024
    ) -> DeviceInformation {
        DeviceInformation(
            identifier: "opencl:0", kind: kind, name: "Device (TM) 1/2", vendor: vendor, driver: "1.0", computeUnits: 2,
            memoryBytes: 8 << 30, maximumBufferBytes: 2 << 30, localMemoryBytes: localMemoryBytes,
            maximumWorkGroupSize: maximumWorkGroupSize)
    }
}

extension TuningSubject {
    /// Two parameters with little work.
    static let few = [
        TuningSubject(
            keys: [.tiles], weight: 4, shipped: TuningParameters(tiles: [Tile(rows: 7, vectors: 4)]),
            candidates: [TuningParameters(tiles: [Tile(rows: 8, vectors: 3)])], probes: probes),
        TuningSubject(
            keys: [.chunk], shipped: TuningParameters(chunk: 4096),
            candidates: [1024, 2048, 8192, 16384, 65536].map { TuningParameters(chunk: $0) }, probes: probes),
    ]

    private static let probes = [
        Probe("unary relu 1000", .unary(Unary(.relu, count: 1000)), inputs: [1000], result: 1000),
        Probe(
            "gemm NN 17×33×65", .gemm(GEMM(rows: 17, columns: 33, inner: 65)), inputs: [17 * 65, 65 * 33],
            result: 17 * 33),
    ]
}
