/// What can go wrong on a device.
public enum ComputeError: Error, Equatable, Sendable {
    /// The device (or the limit that was set on it) has no room for another buffer.
    case outOfMemory(device: String, requested: Int, live: Int, limit: Int)
    /// A kernel did not compile; `log` is the compiler's output.
    case buildFailed(program: String, device: String, options: String, log: String)
    /// The device cannot run this primitive.
    case unsupported(primitive: String, device: String)
    /// No device of the requested kind; `found` lists those that exist.
    case noDevice(requested: String, found: [String], hint: String)
    /// A call of the driver failed.
    case driver(call: String, code: Int, meaning: String, device: String)
}

extension ComputeError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .outOfMemory(let device, let requested, let live, let limit):
            "\(device): out of memory: \(requested) bytes requested, \(live) bytes in use, limit \(limit) bytes. "
                + "Use a smaller batch or another device."
        case .buildFailed(let program, let device, let options, let log):
            "OpenCL: building \"\(program)\" failed on \"\(device)\" (\(options)):\n\(log)\n"
                + "Report it with the output of `concord selftest --json`."
        case .unsupported(let primitive, let device):
            "\(device): \(primitive) is not supported on this device"
        case .noDevice(let requested, let found, let hint):
            "no device \"\(requested)\"; found: \(found.isEmpty ? "none" : found.joined(separator: ", ")). \(hint)"
        case .driver(let call, let code, let meaning, let device):
            "\(device): \(call) failed with \(code) (\(meaning))"
        }
    }
}
