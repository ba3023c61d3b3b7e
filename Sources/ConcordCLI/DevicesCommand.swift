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
        /// Only of devices with parameters to tune.
        let tuning: Tuning?

        init(_ opened: any Device, _ calibration: Calibration) {
            let device = opened.information
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
            tuning = (opened as? OpenCLDevice).map { Tuning($0.tuningSource) }
        }
    }

    /// Which kernel parameters a device runs with.
    private struct Tuning: Encodable {
        /// `shipped`, `file` or `rejected`, where a file is there and cannot be used.
        let source: String
        var file: String?
        /// What is wrong with the file.
        var problem: String?

        init(_ tuning: TuningSource) {
            switch tuning {
            case .shipped: source = "shipped"
            case .file(let path, let note): (source, file, problem) = ("file", path, note)
            case .rejected(let path, let reason): (source, file, problem) = ("rejected", path, reason)
            }
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
            let device = try Devices.open(information)
            let calibration = try Calibration(measuring: device)
            calibrations[information.identifier] = calibration
            entries.append(Entry(device, calibration))
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
            ("GB/s", .right), ("kernel parameters", .left),
        ])
        for entry in report.devices {
            table.add([
                entry.identifier, entry.name, "\(entry.computeUnits)", Quantity.bytes(entry.memoryBytes),
                String(format: "%.0f", entry.gflops), String(format: "%.1f", entry.gbps), entry.tuning?.source ?? "",
            ])
        }
        let files = report.devices.compactMap { entry in
            entry.tuning?.file.map { file in
                "\(entry.identifier): tuning file \(file)" + (entry.tuning?.problem.map { ": \($0)" } ?? "")
            }
        }
        return ([table.text, ""] + files + ["auto picks \(report.auto.reason)"]).joined(separator: "\n")
    }
}
