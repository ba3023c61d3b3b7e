import ArgumentParser
import Concord
import Foundation

struct DevicesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices", abstract: "Lists every device with what it achieves, and which one auto picks.")

    @Flag(help: "Print one JSON object.")
    var json = false

    private struct Entry: Encodable {
        let identifier: String
        let kind: DeviceKind
        let name: String
        let vendor: String
        let driver: String
        let computeUnits: Int
        let memoryBytes: Int
        let maximumBufferBytes: Int
        let localMemoryBytes: Int
        let maximumWorkGroupSize: Int
        let gflops: Double
        let gbps: Double

        init(_ device: DeviceInformation, _ calibration: Calibration) {
            identifier = device.identifier
            kind = device.kind
            name = device.name
            vendor = device.vendor
            driver = device.driver
            computeUnits = device.computeUnits
            memoryBytes = device.memoryBytes
            maximumBufferBytes = device.maximumBufferBytes
            localMemoryBytes = device.localMemoryBytes
            maximumWorkGroupSize = device.maximumWorkGroupSize
            gflops = calibration.gflops
            gbps = calibration.gigabytesPerSecond
        }
    }

    private struct Choice: Encodable {
        let identifier: String
        let reason: String
    }

    private struct Report: Encodable {
        let devices: [Entry]
        let auto: Choice
    }

    func run() throws {
        var calibrations: [String: Calibration] = [:]
        var entries: [Entry] = []
        for information in Devices.all() {
            let calibration = try Calibration(measuring: try Devices.open(information))
            calibrations[information.identifier] = calibration
            entries.append(Entry(information, calibration))
        }
        let choice = try Devices.chooseAutomatically { device in
            try calibrations[device.information.identifier] ?? Calibration(measuring: device)
        }
        let report = Report(
            devices: entries,
            auto: Choice(identifier: choice.device.information.identifier, reason: choice.reason))
        if json { try JSONOutput.print(report) } else { print(DevicesCommand.text(of: report)) }
    }

    private static func text(of report: Report) -> String {
        var table = TextTable([
            ("device", .left), ("name", .left), ("units", .right), ("memory", .right), ("GFLOP/s", .right),
            ("GB/s", .right),
        ])
        for entry in report.devices {
            table.add([
                entry.identifier, entry.name, "\(entry.computeUnits)", Quantity.bytes(entry.memoryBytes),
                String(format: "%.0f", entry.gflops), String(format: "%.1f", entry.gbps),
            ])
        }
        return "\(table.text)\n\nauto picks \(report.auto.reason)"
    }
}
