import Concord
import Foundation

/// Where the time of training steps goes: per kind of primitive, and for the largest kinds per size.
struct StepProfile {
    private struct Entry: Encodable {
        let operation: String
        /// The sizes of one primitive; nil for all of a kind together.
        let shape: String?
        /// Of all primitives' time.
        let share: Double
        let milliseconds: Double
        let runs: Double
        /// The time that the device needs at its calibrated rates, as a share of the measured one.
        let peakShare: Double
    }

    private struct Report: Encodable {
        let workload: String
        let method: String
        let device: String
        /// Of one step, as the host sees it, and the part of it that no primitive accounts for.
        let milliseconds: Double
        let hostMilliseconds: Double
        /// Of one step, how long the processor ran the thread that encodes it. The CPU backend's primitives run there.
        let encodingMilliseconds: Double
        let launches: Double
        let operations: [Entry]
        /// The largest primitives by themselves.
        let largest: [Entry]
    }

    private static let steps = 10
    private static let largestCount = 12

    private let profile: Profile
    private let milliseconds: Double
    private let encodingMilliseconds: Double
    private let launches: Double
    private let device: any Device
    private let peak: Calibration

    /// Takes some steps with the device's profile on.
    ///
    /// - Parameter run: takes one step, or predicts.
    init(
        of workload: PreparedWorkload, on device: any Device, _ run: (PreparedWorkload) throws -> Void
    ) throws {
        let steps = Double(StepProfile.steps)
        self.device = device
        peak = try Calibration(measuring: device)
        // Without the profile, whose events cost time of their own.
        for _ in 0..<2 { try run(workload) }
        let launchesBefore = device.launches
        let (start, threadStart) = (ContinuousClock.now, StepProfile.threadSeconds())
        for _ in 0..<StepProfile.steps { try run(workload) }
        encodingMilliseconds = (StepProfile.threadSeconds() - threadStart) * 1e3 / steps
        milliseconds = (ContinuousClock.now - start) / .milliseconds(1) / steps
        launches = Double(device.launches - launchesBefore) / steps

        device.profile = Profile()
        for _ in 0..<StepProfile.steps { try run(workload) }
        profile = device.profile ?? Profile()
        device.profile = nil
    }

    /// How long the processor has run this thread.
    private static func threadSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    func print(workload: StandardWorkload, method: String, asJSON: Bool) throws {
        let all = Array(profile.entries)
        let kinds = Dictionary(grouping: all) { $0.key.kind }
        let report = Report(
            workload: workload.rawValue, method: method, device: device.information.identifier,
            milliseconds: milliseconds,
            hostMilliseconds: milliseconds - profile.totalSeconds * 1e3 / Double(StepProfile.steps),
            encodingMilliseconds: encodingMilliseconds, launches: launches,
            operations: kinds.map { entry(of: $1, operation: $0) }.sorted { $0.share > $1.share },
            largest: all.sorted { $0.value.seconds > $1.value.seconds }.prefix(StepProfile.largestCount).map {
                entry(of: [$0], operation: $0.key.kind, shape: $0.key.sizes)
            })
        if asJSON { try JSONOutput.print(report) } else { Swift.print(StepProfile.text(of: report)) }
    }

    private func entry(
        of entries: [(key: Primitive, value: Profile.Entry)], operation: String, shape: String? = nil
    ) -> Entry {
        let seconds = entries.reduce(0) { $0 + $1.value.seconds }
        let ideal = entries.reduce(0) { $0 + Double($1.value.runs) * peak.seconds(for: $1.key.description) }
        let steps = Double(StepProfile.steps)
        return Entry(
            operation: operation, shape: shape, share: seconds / profile.totalSeconds,
            milliseconds: seconds * 1e3 / steps, runs: Double(entries.reduce(0) { $0 + $1.value.runs }) / steps,
            peakShare: ideal / seconds)
    }

    private static func text(of report: Report) -> String {
        """
        \(report.workload) with \(report.method) on \(report.device): \
        \(String(format: "%.2f", report.milliseconds)) ms a step, \
        \(String(format: "%.2f", report.hostMilliseconds)) of them outside primitives, \
        \(String(format: "%.0f", report.launches)) launches, the encoding thread busy for \
        \(String(format: "%.2f", report.encodingMilliseconds)) ms

        \(table(of: report.operations))

        \(table(of: report.largest))

        """
    }

    private static func table(of entries: [Entry]) -> String {
        var table = TextTable([
            ("operation", .left), ("sizes", .left), ("share", .right), ("ms", .right), ("runs", .right),
            ("of peak", .right),
        ])
        for entry in entries {
            table.add([
                entry.operation, entry.shape ?? "all", Quantity.percent(entry.share),
                String(format: "%.3f", entry.milliseconds), String(format: "%.0f", entry.runs),
                Quantity.percent(entry.peakShare),
            ])
        }
        return table.text
    }
}
