import Compute
import OpenCLBackend

/// A device whose kernel parameters can be exchanged while it is open.
package protocol TunableDevice: Device {
    /// Parameters that are used instead of those that are shipped for the class of the device.
    var parameters: TuningParameters { get set }
}

extension OpenCLDevice: TunableDevice {}
