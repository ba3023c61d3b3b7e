import Concord
import Foundation

/// Where the time of training steps goes, per kind of primitive.
struct StepProfile {
    private struct Entry: Encodable {
        let operation: String
        /// Of all primitives' time.
        let share: Double
        let milliseconds: Double
        let runs: Double
        /// Achieved rate as a share of the calibrated one: arithmetic where a primitive has any, else memory.
        let peakShare: Double
    }

    private struct Report: Encodable {
        let workload: String
        let device: String
        /// Of one step, as the host sees it, and the part of it that no primitive accounts for.
        let milliseconds: Double
        let hostMilliseconds: Double
        let launches: Double
        let operations: [Entry]
    }

    private static let steps = 5

    private let profile: Profile
    private let milliseconds: Double
    private let launches: Double
    private let device: any Device
    private let peak: Calibration

    /// Takes some steps with the device's profile on.
    init(of workload: PreparedWorkload, on device: any Device) throws {
        self.device = device
        peak = try Calibration(measuring: device)
        try workload.takeStep()
        let launchesBefore = device.launches
        device.profile = Profile()
        let clock = ContinuousClock()
        let start = clock.now
        for _ in 0..<StepProfile.steps { try workload.takeStep() }
        milliseconds = (clock.now - start) / .milliseconds(1) / Double(StepProfile.steps)
        profile = device.profile ?? Profile()
        device.profile = nil
        launches = Double(device.launches - launchesBefore) / Double(StepProfile.steps)
    }

    func print(workload: StandardWorkload, asJSON: Bool) throws {
        let steps = Double(StepProfile.steps)
        let groups = Dictionary(grouping: profile.entries) { $0.key.kind }
        let operations = groups.map { kind, entries in
            let seconds = entries.reduce(0) { $0 + $1.value.seconds }
            let runs = entries.reduce(0) { $0 + $1.value.runs }
            // The seconds that the same work takes at the calibrated rates.
            let ideal = entries.reduce(0.0) { sum, entry in
                let description = entry.key.description
                let arithmetic = Double(description.floatingPointOperations) / (peak.gflops * 1e9)
                let memory = Double(description.bytesMoved) / (peak.gigabytesPerSecond * 1e9)
                return sum + Double(entry.value.runs) * max(arithmetic, memory)
            }
            return Entry(
                operation: kind, share: seconds / profile.totalSeconds, milliseconds: seconds * 1e3 / steps,
                runs: Double(runs) / steps, peakShare: ideal / seconds)
        }.sorted { $0.share > $1.share }
        let report = Report(
            workload: workload.rawValue, device: device.information.identifier, milliseconds: milliseconds,
            hostMilliseconds: milliseconds - profile.totalSeconds * 1e3 / steps, launches: launches,
            operations: operations)
        if asJSON { try JSONOutput.print(report) } else { Swift.print(StepProfile.text(of: report)) }
    }

    private static func text(of report: Report) -> String {
        var table = TextTable([
            ("operation", .left), ("share", .right), ("ms", .right), ("runs", .right), ("of peak", .right),
        ])
        for entry in report.operations {
            table.add([
                entry.operation, Quantity.percent(entry.share), String(format: "%.3f", entry.milliseconds),
                String(format: "%.0f", entry.runs), Quantity.percent(entry.peakShare),
            ])
        }
        return """
            \(report.workload) on \(report.device): \(String(format: "%.2f", report.milliseconds)) ms a step, \
            \(String(format: "%.2f", report.hostMilliseconds)) of them outside primitives, \
            \(String(format: "%.0f", report.launches)) launches
            \(table.text)

            """
    }
}
