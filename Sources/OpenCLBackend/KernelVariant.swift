import Compute

/// A kernel with the options that its program is built with on a class of devices.
///
/// Plans follow from descriptions and tuning alone, so the variants of a class can be listed, and compiled by offline
/// compilers, without a device of that class.
package struct KernelVariant: Hashable, Sendable, Codable {
    /// The program's file, without extension.
    package var file: String
    package var kernel: String
    /// What the program is built with, as the driver is given it.
    package var options: String
    /// Work-items in a work-group.
    package var workGroupSize: Int

    /// The variants that devices of a class run these primitives with, in a fixed order.
    ///
    /// - Parameter devices: stand for the class; their limits, vendors and compute units choose the parameters.
    package static func all(of primitives: [Primitive], on devices: [DeviceInformation]) -> [KernelVariant] {
        let variants = devices.flatMap { device in
            let tuning = Tuning(for: device)
            let quirks = Quirks(vendor: device.vendor, kind: device.kind)
            return primitives.flatMap { primitive in
                primitive.plan(tuning).launches.map { launch in
                    KernelVariant(
                        file: launch.file, kernel: launch.kernel, options: KernelLibrary.options(for: launch, quirks),
                        workGroupSize: launch.workGroupSize ?? tuning.workGroupSize)
                }
            }
        }
        return Set(variants).sorted { ($0.file, $0.kernel, $0.options) < ($1.file, $1.kernel, $1.options) }
    }
}
