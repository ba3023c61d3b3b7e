import Concord
import Foundation

/// Shows how a run is getting on: a live line per epoch on a terminal, a plain line per epoch elsewhere.
final class TrainingReporter {
    private static let barWidth = 26
    private static let secondsBetweenUpdates = 0.1

    private let terminal = Terminal()
    private let clock = ContinuousClock()
    private var plan: TrainingPlan?
    /// Of the epoch at hand.
    private var lossSums: [String: Double] = [:]
    /// Steps in which a task took part.
    private var lossCounts: [String: Int] = [:]
    private var conflictSum: Double?
    private var steps = 0
    private var samples = 0
    private var epochStart = ContinuousClock.now
    private var lastStep = ContinuousClock.now
    private var lastUpdate = ContinuousClock.now
    /// Where the samples per second of the whole run are counted from.
    private var runStart = ContinuousClock.now
    private var stepsOfRun = 0

    func report(_ event: TrainingEvent) {
        switch event {
        case .started(let plan):
            self.plan = plan
            runStart = clock.now
            beginEpoch()
        case .step(let report):
            add(report)
            if terminal != nil { updateLiveLine(report) }
        case .epoch(let report):
            terminal?.clearLine()
            print(line(of: report))
            // Whoever follows a log file sees the line now, not when a buffer is full.
            fflush(nil)
            beginEpoch()
        case .interrupted:
            terminal?.clearLine()
        case .checkpoint, .end: break
        }
    }

    /// Leaves the terminal's line free for a message.
    func clear() { terminal?.clearLine() }

    private func beginEpoch() {
        lossSums = [:]
        lossCounts = [:]
        conflictSum = nil
        steps = 0
        samples = 0
        epochStart = clock.now
        lastStep = epochStart
    }

    private func add(_ report: StepReport) {
        steps += 1
        stepsOfRun += 1
        samples += report.samples
        lastStep = clock.now
        for (task, loss) in report.losses {
            lossSums[task, default: 0] += loss
            lossCounts[task, default: 0] += 1
        }
        if let conflictRate = report.conflictRate { conflictSum = (conflictSum ?? 0) + conflictRate }
    }

    private func updateLiveLine(_ report: StepReport) {
        guard let plan, let terminal, let now = timeForUpdate() else { return }
        let share = Double(report.batch) / Double(max(plan.batchesPerEpoch, 1))
        let losses = plan.tasks.compactMap { task in
            lossSums[task].map { "\(task) \(TrainingReporter.number($0 / Double(lossCounts[task] ?? 1)))" }
        }
        let stepsLeft = plan.epochs * plan.batchesPerEpoch - report.step
        let secondsPerStep = (now - runStart) / .seconds(1) / Double(stepsOfRun)
        let parts =
            [
                epochText(report.epoch),
                ProgressBar.text(share: share, width: TrainingReporter.barWidth) + TrainingReporter.paddedPercent(share),
            ] + losses
            + [
                conflictSum.map { "conflict \(Quantity.percent($0 / Double(steps)))" },
                throughput, "\(Quantity.duration(Double(stepsLeft) * secondsPerStep)) left",
            ].compactMap { $0 }
        terminal.rewriteLine(parts.joined(separator: "  "))
    }

    private func timeForUpdate() -> ContinuousClock.Instant? {
        let now = clock.now
        guard (now - lastUpdate) / .seconds(1) >= TrainingReporter.secondsBetweenUpdates else { return nil }
        lastUpdate = now
        return now
    }

    private func line(of report: EpochReport) -> String {
        let tasks = (plan?.tasks ?? []).compactMap { task -> String? in
            let loss = report.train[task]?["loss"].map(TrainingReporter.number)
            guard let state = report.schedule.finished[task] != nil ? "finished" : loss else { return nil }
            return "\(task) \(state)\(validation(report.valid[task]))"
        }
        let parts =
            [epochText(report.epoch)] + tasks
            + [
                report.balance.map { "conflict \(Quantity.percent($0.conflictRate))" }, throughput,
                Quantity.duration(report.seconds), report.isBest ? "best" : nil,
            ].compactMap { $0 }
        return parts.joined(separator: "  ")
    }

    /// What the validation samples say about a task: its area under the curve, its accuracy, or its loss.
    private func validation(_ metrics: [String: Double]?) -> String {
        guard let metrics, let loss = metrics["loss"] else { return "" }
        let name = plan?.measuredOn ?? "test"
        if let area = metrics["auc"] { return String(format: " (\(name) auc %.4f)", area) }
        return metrics["accuracy"].map { String(format: " (\(name) %.1f %%)", $0 * 100) }
            ?? " (\(name) \(TrainingReporter.number(loss)))"
    }

    /// Always as wide as 100 %, so that nothing behind it moves.
    private static func paddedPercent(_ share: Double) -> String { String(format: "%4.0f %%", share * 100) }

    private static func number(_ value: Double) -> String { String(format: "%.3f", value) }

    private func epochText(_ epoch: Int) -> String {
        let total = "\(plan?.epochs ?? epoch)"
        return "epoch \(String(repeating: " ", count: max(0, total.count - "\(epoch)".count)))\(epoch)/\(total)"
    }

    /// Of the epoch's steps, without the test that follows them.
    private var throughput: String {
        let seconds = (lastStep - epochStart) / .seconds(1)
        return "\(Quantity.count(Double(samples) / max(seconds, 1e-9))) samples/s"
    }
}
