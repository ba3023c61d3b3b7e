import Concord
import Foundation
import Tuner

/// Shows how tuning is getting on: a live line on a terminal, and a plain line per parameter and failure.
final class TuningReporter {
    private static let barWidth = 26
    private static let secondsBetweenUpdates = 0.1

    private let terminal: Terminal?
    private let isQuiet: Bool
    private let clock = ContinuousClock()
    private var lastUpdate: ContinuousClock.Instant?

    /// - Parameter isQuiet: prints nothing, because the output belongs to a script.
    init(isQuiet: Bool) {
        self.isQuiet = isQuiet
        terminal = isQuiet ? nil : Terminal()
    }

    func begin(_ device: DeviceInformation, seconds: Double) {
        line("\(device.identifier) (\(device.name)), driver \(device.driver), at most \(Quantity.duration(seconds))")
    }

    func report(_ event: Tuner.Event) {
        switch event {
        case .progress(let subject, let candidate, let share, let secondsLeft):
            guard let terminal, isTimeForUpdate() else { return }
            let bar = ProgressBar.text(share: share, width: TuningReporter.barWidth)
            terminal.rewriteLine(
                "\(subject)  \(bar)  \(Quantity.percent(min(share, 1)))  \(Quantity.duration(secondsLeft)) left  \(candidate)")
        case .failed(let failure):
            line("\(failure.candidate.summary): failed: \(failure.reason)")
        case .decided(let decision):
            line(TuningReporter.text(of: decision))
        }
    }

    static func text(of decision: Tuner.Decision) -> String {
        let name = decision.subject + String(repeating: " ", count: max(1, 18 - decision.subject.count))
        let compared = "\(decision.compared) of \(decision.candidates) candidates compared"
        guard let choice = decision.choice else { return "\(name)\(compared), the shipped value stays" }
        return "\(name)\(compared), \(choice) takes \(Quantity.percent(decision.timeShare)) of the time"
    }

    private func isTimeForUpdate() -> Bool {
        let now = clock.now
        if let lastUpdate, (now - lastUpdate) / .seconds(1) < TuningReporter.secondsBetweenUpdates { return false }
        lastUpdate = now
        return true
    }

    private func line(_ text: String) {
        guard !isQuiet else { return }
        terminal?.clearLine()
        print(text)
        // Whoever follows a log file sees the line now, not when a buffer is full.
        fflush(nil)
    }
}
