import COpenCL
import Compute

/// Host memory that uploads are copied to, so that the caller's memory is free again while the device still reads.
final class StagingArea {
    private let context: OpenCLContext
    /// Transfers under way; they finish in this order.
    private var transfers: [(event: cl_event, memory: UnsafeMutableRawBufferPointer)] = []
    private var idle: [UnsafeMutableRawBufferPointer] = []
    private var transferBytes = 0

    /// Bytes under way above which an upload waits for those before it.
    private static let maximumBytes = 256 << 20
    private static let maximumIdleBlocks = 8

    init(context: OpenCLContext) { self.context = context }

    deinit {
        while !transfers.isEmpty { completeFirst() }
        for memory in idle { memory.deallocate() }
    }

    /// Copies host memory to a buffer, behind everything encoded so far; the host memory may be reused on return.
    func upload(_ bytes: UnsafeRawBufferPointer, to buffer: cl_mem, byteOffset: Int) throws(ComputeError) {
        guard bytes.count > 0 else { return }
        while let first = transfers.first,
            first.event.isComplete || transferBytes + bytes.count > StagingArea.maximumBytes
        {
            completeFirst()
        }
        let memory = block(byteCount: bytes.count)
        memory.copyMemory(from: bytes)
        var event: cl_event?
        let status = clEnqueueWriteBuffer(
            context.queue, buffer, cl_bool(CL_FALSE), byteOffset, bytes.count, memory.baseAddress, 0, nil, &event)
        guard status == CL_SUCCESS, let event else {
            idle.append(memory)
            return try check(status, "clEnqueueWriteBuffer", device: context.deviceName)
        }
        transfers.append((event, memory))
        transferBytes += memory.count
        try check(clFlush(context.queue), "clFlush", device: context.deviceName)
    }

    /// Idle memory that is large enough and not wastefully so, or new memory.
    private func block(byteCount: Int) -> UnsafeMutableRawBufferPointer {
        if let index = idle.firstIndex(where: { $0.count >= byteCount && $0.count / 2 <= byteCount }) {
            return idle.remove(at: index)
        }
        if idle.count >= StagingArea.maximumIdleBlocks { idle.removeFirst().deallocate() }
        return .allocate(byteCount: byteCount, alignment: 64)
    }

    private func completeFirst() {
        let (event, memory) = transfers.removeFirst()
        var waiting: cl_event? = event
        clWaitForEvents(1, &waiting)
        clReleaseEvent(event)
        transferBytes -= memory.count
        idle.append(memory)
    }
}

extension cl_event {
    /// Whether the command has ended, well or not.
    fileprivate var isComplete: Bool {
        var status: cl_int = CL_QUEUED
        clGetEventInfo(
            self, cl_event_info(CL_EVENT_COMMAND_EXECUTION_STATUS), MemoryLayout<cl_int>.size, &status, nil)
        return status <= CL_COMPLETE
    }
}
