import ArgumentParser
import Concord

/// The option that selects a device.
struct DeviceOption: ParsableArguments {
    @Option(
        help: ArgumentHelp("Where to compute: \(Devices.requests).", valueName: "device"))
    var device = "auto"

    func choose() throws -> DeviceChoice { try Devices.choose(device) }
}
