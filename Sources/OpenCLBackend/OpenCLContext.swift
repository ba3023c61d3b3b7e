import COpenCL
import Compute

/// An open device: its context, its queue, and constants in its memory.
final class OpenCLContext {
    let hardware: Hardware
    let context: cl_context
    /// Runs everything in the order of encoding. Records times always: PoCL and the GPU drivers stamp events anyway.
    let queue: cl_command_queue
    private var zeros: [(count: Int, buffer: cl_mem)] = []
    private var tables: [[Int32]: cl_mem] = [:]

    var deviceName: String { hardware.information.name }

    init(_ hardware: Hardware) throws(ComputeError) {
        self.hardware = hardware
        let name = hardware.information.name
        var device: cl_device_id? = hardware.device
        var status: cl_int = 0
        guard let context = clCreateContext(nil, 1, &device, nil, nil, &status) else {
            try check(status, "clCreateContext", device: name)
            throw .driver(call: "clCreateContext", code: 0, meaning: "no context and no reason", device: name)
        }
        guard
            let queue = clCreateCommandQueue(
                context, hardware.device, concord_cl_queue_profiling_enable, &status)
        else {
            clReleaseContext(context)
            try check(status, "clCreateCommandQueue", device: name)
            throw .driver(call: "clCreateCommandQueue", code: 0, meaning: "no queue and no reason", device: name)
        }
        self.context = context
        self.queue = queue
    }

    deinit {
        for block in zeros { clReleaseMemObject(block.buffer) }
        for buffer in tables.values { clReleaseMemObject(buffer) }
        clReleaseCommandQueue(queue)
        clReleaseContext(context)
    }

    /// A buffer of the driver, or nil where it has no memory left.
    func makeBuffer(byteCount: Int) -> cl_mem? {
        guard byteCount <= hardware.information.maximumBufferBytes else { return nil }
        var status: cl_int = 0
        let buffer = clCreateBuffer(context, concord_cl_mem_read_write, byteCount, nil, &status)
        return status == CL_SUCCESS ? buffer : nil
    }

    /// A buffer that holds at least `count` zeros for as long as the context lives.
    func zeros(count: Int) throws(ComputeError) -> cl_mem {
        if let block = zeros.last, block.count >= count { return block.buffer }
        let size = max(1024, count.nextPowerOfTwo)
        guard let buffer = makeBuffer(byteCount: 4 * size) else {
            throw .outOfMemory(
                device: deviceName, requested: 4 * size, live: 0, limit: hardware.information.maximumBufferBytes)
        }
        var zero: cl_uint = 0
        try check(
            clEnqueueFillBuffer(queue, buffer, &zero, 4, 0, 4 * size, 0, nil, nil), "clEnqueueFillBuffer",
            device: deviceName)
        zeros.append((size, buffer))
        return buffer
    }

    /// A buffer that holds these numbers for as long as the context lives.
    func table(_ numbers: [Int32]) throws(ComputeError) -> cl_mem {
        if let buffer = tables[numbers] { return buffer }
        let byteCount = 4 * numbers.count
        guard let buffer = makeBuffer(byteCount: byteCount) else {
            throw .outOfMemory(
                device: deviceName, requested: byteCount, live: 0, limit: hardware.information.maximumBufferBytes)
        }
        let status = numbers.withUnsafeBytes {
            clEnqueueWriteBuffer(queue, buffer, cl_bool(CL_TRUE), 0, byteCount, $0.baseAddress, 0, nil, nil)
        }
        tables[numbers] = buffer
        try check(status, "clEnqueueWriteBuffer", device: deviceName)
        return buffer
    }

    /// Waits for everything encoded so far.
    func finish() throws(ComputeError) { try check(clFinish(queue), "clFinish", device: deviceName) }
}

extension Int {
    fileprivate var nextPowerOfTwo: Int { self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount) }
}
