import Compute
import Testing

/// A device with memory and nothing else; it counts the blocks that its pool takes and gives back.
private final class MemoryDevice: Device {
    final class Blocks {
        var sizes: [OpaquePointer: Int] = [:]
        var freed = 0
        /// Bytes that the system has.
        var capacity: Int

        init(capacity: Int) { self.capacity = capacity }

        var allocated: Int { sizes.values.reduce(0, +) }
    }

    let information = DeviceInformation(
        identifier: "memory", kind: .cpu, name: "Memory", vendor: "", driver: "", computeUnits: 1, memoryBytes: 1 << 30,
        maximumBufferBytes: 1 << 30, localMemoryBytes: 0, maximumWorkGroupSize: 1)
    let pool: BufferPool
    let blocks: Blocks
    var profile: Profile?
    let launches = 0

    init(limit: Int = 1 << 30, capacity: Int = 1 << 30) {
        let blocks = Blocks(capacity: capacity)
        self.blocks = blocks
        pool = BufferPool(
            limit: limit,
            source: BufferPool.Source(
                allocate: { byteCount in
                    guard blocks.allocated + byteCount <= blocks.capacity else { return nil }
                    let block = OpaquePointer(UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1))
                    blocks.sizes[block] = byteCount
                    return block
                },
                free: { block in
                    blocks.sizes[block] = nil
                    blocks.freed += 1
                    UnsafeMutableRawPointer(block).deallocate()
                }))
    }

    func encode(
        _ primitive: Primitive, _ operands: [Operand], scalars: [Float], random: RandomPosition?
    ) throws(ComputeError) {
        throw .unsupported(primitive: "\(primitive)", device: information.name)
    }
    func upload(_ bytes: UnsafeRawBufferPointer, to operand: Operand) {}
    func download(_ operand: Operand, into bytes: UnsafeMutableRawBufferPointer) {}
    func synchronize() {}
}

@Suite struct BufferPoolTests {
    @Test("a dropped buffer's block is handed out again")
    func reuse() throws {
        let device = MemoryDevice()
        var first: Buffer? = try device.allocate(count: 100)
        let handle = first?.handle
        first = nil
        let second = try device.allocate(count: 100)
        #expect(second.handle == handle)
        #expect(device.pool.statistics.allocations == 1)
        #expect(device.pool.statistics.reuses == 1)
    }

    @Test("buffers that live at the same time have different blocks")
    func distinctBlocks() throws {
        let device = MemoryDevice()
        let buffers = try (0..<5).map { _ in try device.allocate(count: 100) }
        withExtendedLifetime(buffers) { #expect(device.pool.statistics.liveBuffers == 5) }
        #expect(Set(buffers.map(\.handle)).count == 5)
    }

    @Test(
        "blocks are rounded up to their size class",
        arguments: [
            (0, 512), (1, 512), (512, 512), (513, 1024), (100_000, 100_352), (1 << 20, 1 << 20),
            // An eighth of the power of two below: 128 KiB beyond 1 MiB, 256 KiB beyond 2 MiB.
            (1 << 20 | 1, 1 << 20 | 1 << 17), (9 << 17, 9 << 17), (1_200_000, 10 << 17), (1 << 21 | 1, 9 << 18),
        ])
    func sizeClasses(byteCount: Int, blockSize: Int) throws {
        let device = MemoryDevice()
        let buffer = try device.pool.allocate(byteCount: byteCount, on: device)
        #expect(buffer.byteCount == byteCount)
        #expect(device.blocks.allocated == blockSize)
        #expect(device.pool.statistics.liveBytes == blockSize)
    }

    @Test("requests of one size class share blocks, others do not")
    func reuseBySizeClass() throws {
        let device = MemoryDevice()
        _ = try device.pool.allocate(byteCount: 1, on: device)
        _ = try device.pool.allocate(byteCount: 512, on: device)
        _ = try device.pool.allocate(byteCount: 513, on: device)
        #expect(device.pool.statistics.allocations == 2)
        #expect(device.pool.statistics.reuses == 1)
    }

    @Test("statistics follow live, cached and peak bytes")
    func statistics() throws {
        let device = MemoryDevice()
        let kept = try device.pool.allocate(byteCount: 1024, on: device)
        var dropped: Buffer? = try device.pool.allocate(byteCount: 2048, on: device)
        #expect(dropped?.byteCount == 2048)
        dropped = nil
        #expect(device.pool.statistics.liveBytes == 1024)
        #expect(device.pool.statistics.cachedBytes == 2048)
        #expect(device.pool.statistics.peakBytes == 3072)
        #expect(device.pool.statistics.liveBuffers == 1)

        device.pool.resetPeak()
        #expect(device.pool.statistics.peakBytes == 1024)
        device.pool.drain()
        #expect(device.pool.statistics.cachedBytes == 0)
        #expect(device.blocks.freed == 1)
        #expect(device.blocks.allocated == kept.byteCount)
    }

    @Test("more than the limit is out of memory, with the sizes in the message")
    func limit() throws {
        let device = MemoryDevice(limit: 4096)
        let buffer = try device.pool.allocate(byteCount: 3000, on: device)
        let error = #expect(throws: ComputeError.self) {
            try device.pool.allocate(byteCount: 2000, on: device)
        }
        #expect(error == .outOfMemory(device: "Memory", requested: 2000, live: 3072, limit: 4096))
        #expect(
            error.map(String.init(describing:))
                == "Memory: out of memory: 2000 bytes requested, 3072 bytes in use, limit 4096 bytes. "
                + "Use a smaller batch or another device.")
        #expect(device.pool.statistics.liveBytes == 3072)
        #expect(buffer.byteCount == 3000)
    }

    @Test("a lowered limit also holds for blocks that wait for reuse")
    func loweredLimit() throws {
        let device = MemoryDevice()
        let kept = try device.pool.allocate(byteCount: 1024, on: device)
        _ = try device.pool.allocate(byteCount: 2048, on: device)
        device.pool.limit = 2048
        #expect(throws: ComputeError.outOfMemory(device: "Memory", requested: 2048, live: 1024, limit: 2048)) {
            try device.pool.allocate(byteCount: 2048, on: device)
        }
        #expect(kept.byteCount == 1024)
    }

    @Test("cached blocks make room below the limit")
    func drainBelowLimit() throws {
        let device = MemoryDevice(limit: 4096)
        _ = try device.pool.allocate(byteCount: 3072, on: device)
        let other = try device.pool.allocate(byteCount: 2048, on: device)
        #expect(device.blocks.freed == 1)
        #expect(device.blocks.allocated == other.byteCount)
    }

    @Test("when the system refuses, cached blocks are given back and it is asked again")
    func drainAndRetry() throws {
        let device = MemoryDevice(capacity: 4096)
        _ = try device.pool.allocate(byteCount: 3072, on: device)
        let other = try device.pool.allocate(byteCount: 2048, on: device)
        #expect(device.blocks.freed == 1)
        #expect(throws: ComputeError.outOfMemory(device: "Memory", requested: 3000, live: 2048, limit: 1 << 30)) {
            try device.pool.allocate(byteCount: 3000, on: device)
        }
        #expect(other.byteCount == 2048)
    }

    @Test("a pool gives its blocks back when it goes")
    func deinitialisation() throws {
        var device: MemoryDevice? = MemoryDevice()
        let blocks = try #require(device?.blocks)
        _ = try device?.allocate(count: 10)
        #expect(blocks.allocated == 512)
        device = nil
        #expect(blocks.allocated == 0)
    }

    @Test("operands advance by elements")
    func operands() throws {
        let device = MemoryDevice()
        let operand = Operand(try device.allocate(count: 10), offset: 3)
        #expect(operand.advanced(by: 4).offset == 7)
        #expect(operand.advanced(by: 4).buffer === operand.buffer)
    }
}
