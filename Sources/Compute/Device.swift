/// What kind of hardware runs the primitives, and through which interface.
public enum DeviceKind: String, Hashable, Sendable, Codable {
    /// OpenBLAS and C loops on the host.
    case cpu
    /// An OpenCL device whose cores are the host's (PoCL, Intel's CPU runtime).
    case openCLCPU
    case openCLGPU
    case openCLAccelerator
}

/// The facts of a device that matter for choosing and tuning.
public struct DeviceInformation: Hashable, Sendable {
    /// The argument of `--device` that selects it: `cpu`, `opencl:0` …
    public var identifier: String
    public var kind: DeviceKind
    public var name: String
    public var vendor: String
    public var driver: String
    /// Cores of a CPU, compute units of an OpenCL device.
    public var computeUnits: Int
    public var memoryBytes: Int
    /// The largest single buffer.
    public var maximumBufferBytes: Int
    public var localMemoryBytes: Int
    public var maximumWorkGroupSize: Int

    public init(
        identifier: String, kind: DeviceKind, name: String, vendor: String, driver: String, computeUnits: Int,
        memoryBytes: Int, maximumBufferBytes: Int, localMemoryBytes: Int, maximumWorkGroupSize: Int
    ) {
        self.identifier = identifier
        self.kind = kind
        self.name = name
        self.vendor = vendor
        self.driver = driver
        self.computeUnits = computeUnits
        self.memoryBytes = memoryBytes
        self.maximumBufferBytes = maximumBufferBytes
        self.localMemoryBytes = localMemoryBytes
        self.maximumWorkGroupSize = maximumWorkGroupSize
    }
}

/// Runs primitives on its memory, in the order in which they are encoded.
///
/// A device and everything made on it belong to one isolation domain; it is deliberately not `Sendable`.
public protocol Device: AnyObject {
    var information: DeviceInformation { get }
    var pool: BufferPool { get }

    /// Time per primitive, collected while it is not nil.
    ///
    /// OpenCL reads the device's own event timestamps, the CPU the host clock.
    var profile: Profile? { get set }

    /// Number of kernels started since the device was made.
    var launches: Int { get }

    /// Encodes a primitive. It may run later than this call returns, but after everything encoded before it.
    ///
    /// - Parameters:
    ///   - operands: in the order that the primitive's documentation gives.
    ///   - scalars: the numbers that change between steps, likewise.
    ///   - random: where the primitive draws its random numbers, for those that do.
    /// - Throws: ``ComputeError``; nothing was encoded then. A primitive that the device cannot run throws
    ///   ``ComputeError/unsupported(primitive:device:)``: there is no silent fallback to another device.
    func encode(
        _ primitive: Primitive, _ operands: [Operand], scalars: [Float], random: RandomPosition?
    ) throws(ComputeError)

    /// Copies host memory to the device; the host memory may be reused on return.
    func upload(_ bytes: UnsafeRawBufferPointer, to operand: Operand) throws(ComputeError)

    /// Waits for everything encoded so far and copies device memory to the host.
    func download(_ operand: Operand, into bytes: UnsafeMutableRawBufferPointer) throws(ComputeError)

    /// Waits for everything encoded so far.
    func synchronize() throws(ComputeError)
}

extension Device {
    /// Encodes a primitive that needs neither scalars nor random numbers.
    public func encode(_ primitive: Primitive, _ operands: [Operand]) throws(ComputeError) {
        try encode(primitive, operands, scalars: [], random: nil)
    }

    /// Encodes a primitive with scalars and no random numbers.
    public func encode(_ primitive: Primitive, _ operands: [Operand], scalars: [Float]) throws(ComputeError) {
        try encode(primitive, operands, scalars: scalars, random: nil)
    }

    /// A buffer for `count` elements of four bytes, with undefined content.
    public func allocate(count: Int) throws(ComputeError) -> Buffer {
        try pool.allocate(byteCount: count * 4, on: self)
    }
}
