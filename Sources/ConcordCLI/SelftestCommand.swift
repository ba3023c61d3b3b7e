import ArgumentParser
import Concord
import Conformance
import Foundation

struct SelftestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "selftest",
        abstract: "Checks that devices compute what they should.",
        discussion: """
            Every operation is compared with a reference in double precision, and every derivative with finite \
            differences and with separate walks per task. "worst" is the largest error in units of its bound. Exits with \
            1 if a case fails.
            """)

    @Option(help: ArgumentHelp("The device to check: cpu, opencl or opencl:N. Default: all.", valueName: "device"))
    var device: String?

    @Flag(help: "Only values, and only sizes that an instruction-level simulator such as Oclgrind gets through.")
    var tiny = false

    @Flag(help: "Print one JSON object per device.")
    var json = false

    /// Derivatives are taken for one task and for several at once: enough for the products that leave out common zeros.
    private static let taskCounts = [1, 5]

    private struct Entry: Encodable {
        let operation: String
        /// `value` or `derivative`.
        let check: String
        var cases = 0
        var passed = 0
        var worst = 0.0
        var failures: [String] = []
    }

    private struct Report: Encodable {
        let device: String
        let name: String
        let driver: String
        let passed: Bool
        let checks: [Entry]
    }

    func run() throws {
        let devices = try device.map { [try DeviceChoice(request: $0).device] } ?? Devices.all().map(Devices.open)
        var allPassed = true
        for device in devices {
            let checks =
                SelftestCommand.values(on: device, tiny: tiny) + (tiny ? [] : SelftestCommand.derivatives(on: device))
            let passed = checks.allSatisfy { $0.passed == $0.cases }
            allPassed = allPassed && passed
            let information = device.information
            let report = Report(
                device: information.identifier, name: information.name, driver: information.driver, passed: passed,
                checks: checks)
            if json { try JSONOutput.print(report) } else { print(SelftestCommand.text(of: report)) }
        }
        if !allPassed { throw ExitCode.failure }
    }

    private static func values(on device: any Device, tiny: Bool) -> [Entry] {
        ConformanceSuite.summary(on: device, tiny: tiny).map { summary in
            Entry(
                operation: summary.operation, check: "value", cases: summary.cases, passed: summary.passed,
                worst: finite(summary.worstRatio), failures: summary.failures.map(\.description))
        }
    }

    private static func derivatives(on device: any Device) -> [Entry] {
        var entries: [Entry] = []
        for next in DerivativeCase.all {
            let index =
                entries.firstIndex { $0.operation == next.operation }
                ?? {
                    entries.append(Entry(operation: next.operation, check: "derivative"))
                    return entries.count - 1
                }()
            for tasks in taskCounts {
                entries[index].cases += 1
                do {
                    let result = try next.run(on: device, tasks: tasks)
                    let stacked = result.stackedDeviation / DerivativeResult.stackedBound
                    entries[index].worst = max(entries[index].worst, finite(max(result.deviation, stacked)))
                    if result.passed {
                        entries[index].passed += 1
                    } else {
                        entries[index].failures.append("\(next.name), \(tasks) tasks: \(result)")
                    }
                } catch {
                    entries[index].failures.append("\(next.name), \(tasks) tasks: threw: \(error)")
                }
            }
        }
        return entries
    }

    /// JSON has no infinity.
    private static func finite(_ ratio: Double) -> Double { min(ratio, .greatestFiniteMagnitude) }

    private static func text(of report: Report) -> String {
        var table = TextTable([
            ("operation", .left), ("check", .left), ("cases", .right), ("passed", .right), ("worst", .right),
        ])
        for entry in report.checks {
            table.add([
                entry.operation, entry.check, "\(entry.cases)", "\(entry.passed)",
                entry.worst > 1e6 ? ">1e6" : String(format: "%.2f", entry.worst),
            ])
        }
        let failures = report.checks.flatMap { entry in
            entry.failures.map { "\(entry.operation) \(entry.check): \($0)" }
        }
        return ([
            "\(report.device): \(report.name)", table.text,
            report.passed ? "all passed" : "FAILED:\n" + failures.joined(separator: "\n"),
        ] as [String]).joined(separator: "\n") + "\n"
    }
}
