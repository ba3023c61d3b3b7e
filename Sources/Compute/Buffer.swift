/// A block of device memory; it goes back to the device's pool when the last reference is dropped.
///
/// Memory is counted in elements of four bytes (Float32 or Int32).
public final class Buffer {
    /// The device that owns the memory.
    public let device: any Device
    /// Bytes that were asked for; the block behind may be larger.
    public let byteCount: Int
    /// The backend's handle: an aligned host pointer on the CPU, a `cl_mem` with OpenCL.
    public let handle: OpaquePointer
    private let pool: BufferPool

    fileprivate init(device: any Device, byteCount: Int, handle: OpaquePointer, pool: BufferPool) {
        self.device = device
        self.byteCount = byteCount
        self.handle = handle
        self.pool = pool
    }

    deinit { pool.recycle(handle, byteCount: byteCount) }
}

/// Memory in use and its history.
public struct MemoryStatistics: Hashable, Sendable {
    /// Bytes of the blocks that buffers hold now.
    public internal(set) var liveBytes = 0
    /// The largest value of ``liveBytes`` since the last reset.
    public internal(set) var peakBytes = 0
    /// Bytes of free blocks that wait for reuse.
    public internal(set) var cachedBytes = 0
    /// Number of buffers alive.
    public internal(set) var liveBuffers = 0
    /// Allocations that the driver or the system served.
    public internal(set) var allocations = 0
    /// Allocations that a free block served.
    public internal(set) var reuses = 0
}

/// Reuses blocks of device memory by size class.
///
/// All work of a device runs in order on one queue, so a block may be handed out again as soon as its last user was
/// *encoded*: the new user runs after it.
public final class BufferPool {
    /// Allocates and frees the blocks of one backend.
    public struct Source {
        let allocate: (Int) -> OpaquePointer?
        let free: (OpaquePointer) -> Void

        /// - Parameters:
        ///   - allocate: returns nil where there is no memory left.
        public init(allocate: @escaping (Int) -> OpaquePointer?, free: @escaping (OpaquePointer) -> Void) {
            self.allocate = allocate
            self.free = free
        }
    }

    public private(set) var statistics = MemoryStatistics()
    /// Live bytes above this throw ``ComputeError/outOfMemory(device:requested:live:limit:)``.
    public var limit: Int
    private let source: Source
    private var free: [Int: [OpaquePointer]] = [:]

    public init(limit: Int, source: Source) {
        self.limit = limit
        self.source = source
    }

    deinit { drain() }

    /// The size class of a request: multiples of 512 B below 1 MiB, above it an eighth of the power of two below.
    static func blockSize(for byteCount: Int) -> Int {
        let granularity =
            byteCount <= 1 << 20 ? 512 : 1 << (Int.bitWidth - 1 - byteCount.leadingZeroBitCount - 3)
        return max(512, (byteCount + granularity - 1) / granularity * granularity)
    }

    /// A buffer of at least `byteCount` bytes with undefined content.
    ///
    /// - Throws: ``ComputeError/outOfMemory(device:requested:live:limit:)``, after cached blocks were given back.
    public func allocate(byteCount: Int, on device: any Device) throws(ComputeError) -> Buffer {
        let size = BufferPool.blockSize(for: byteCount)
        guard statistics.liveBytes + size <= limit else { throw outOfMemory(byteCount, on: device) }
        let handle: OpaquePointer
        if let block = free[size]?.popLast() {
            handle = block
            statistics.reuses += 1
            statistics.cachedBytes -= size
        } else {
            if statistics.liveBytes + statistics.cachedBytes + size > limit { drain() }
            if let block = source.allocate(size) {
                handle = block
            } else {
                drain()
                guard let block = source.allocate(size) else { throw outOfMemory(byteCount, on: device) }
                handle = block
            }
            statistics.allocations += 1
        }
        statistics.liveBytes += size
        statistics.liveBuffers += 1
        statistics.peakBytes = max(statistics.peakBytes, statistics.liveBytes)
        return Buffer(device: device, byteCount: byteCount, handle: handle, pool: self)
    }

    private func outOfMemory(_ byteCount: Int, on device: any Device) -> ComputeError {
        .outOfMemory(
            device: device.information.name, requested: byteCount, live: statistics.liveBytes, limit: limit)
    }

    fileprivate func recycle(_ handle: OpaquePointer, byteCount: Int) {
        let size = BufferPool.blockSize(for: byteCount)
        free[size, default: []].append(handle)
        statistics.liveBytes -= size
        statistics.liveBuffers -= 1
        statistics.cachedBytes += size
    }

    /// Gives all free blocks back to the system.
    public func drain() {
        for block in free.values.joined() { source.free(block) }
        free.removeAll()
        statistics.cachedBytes = 0
    }

    /// Starts a new measurement of the peak.
    public func resetPeak() { statistics.peakBytes = statistics.liveBytes }
}

/// A place in a buffer: what a primitive reads or writes.
public struct Operand {
    public private(set) var buffer: Buffer
    /// Elements of four bytes before the first one.
    public let offset: Int

    public init(_ buffer: Buffer, offset: Int = 0) {
        self.buffer = buffer
        self.offset = offset
    }

    /// Whether nobody else holds the buffer, so that overwriting it changes no other value.
    public mutating func isUniquelyReferenced() -> Bool { isKnownUniquelyReferenced(&buffer) }

    /// The place `count` elements further on.
    public func advanced(by count: Int) -> Operand { Operand(buffer, offset: offset + count) }
}
