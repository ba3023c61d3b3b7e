import CPUBackend
import Compute

/// A device of this machine, as the argument of a test.
public enum TestDevice: String, CaseIterable, Sendable {
    case cpu

    /// A new device, so that tests do not see each other's memory and launches.
    public func make() throws -> any Device {
        switch self {
        case .cpu: CPUDevice(threads: 1)
        }
    }
}
