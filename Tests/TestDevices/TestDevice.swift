import CPUBackend
import Compute
import OpenCLBackend

/// A device of this machine, as the argument of a test.
public enum TestDevice: String, CaseIterable, Sendable {
    case cpu, opencl

    /// The CPU, and OpenCL where there is a platform; without one, tests say so.
    public static let available: [TestDevice] = {
        if OpenCLDevice.available().isEmpty {
            print("SKIPPED: tests on OpenCL, because no platform was found; install pocl-opencl-icd")
            return [.cpu]
        }
        return allCases
    }()

    /// A new device, so that tests do not see each other's memory and launches.
    public func make() throws -> any Device {
        switch self {
        case .cpu: CPUDevice(threads: 1)
        case .opencl: try OpenCLDevice(index: 0)
        }
    }
}
