import ArgumentParser
import Concord
import Foundation

/// The option that selects a device.
struct DeviceOption: ParsableArguments {
    @Option(
        help: ArgumentHelp("Where to compute: \(Devices.requests).", valueName: "device"))
    var device = "auto"

    func choose() throws -> DeviceChoice { try DeviceChoice(request: device) }
}

extension DeviceChoice {
    /// Opens a device, and says on standard error what is wrong with its tuning file.
    init(request: String) throws {
        self = try Devices.choose(request)
        if let warning { FileHandle.standardError.write(Data("Warning: \(warning)\n".utf8)) }
    }
}
