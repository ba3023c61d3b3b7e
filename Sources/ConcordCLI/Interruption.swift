import Dispatch
import Foundation
import Synchronization

/// Turns Ctrl-C and a request to terminate into a wish that a run can grant at a good moment.
///
/// The second one ends the process at once.
final class Interruption {
    /// What a shell reports for a program that Ctrl-C has ended.
    static let exitCode: Int32 = 130

    private final class Request: Sendable {
        let isMade = Atomic(false)
    }

    private let request = Request()
    private let sources: [any DispatchSourceSignal]

    /// Starts to listen. The signals no longer end the process by themselves.
    init() {
        let queue = DispatchQueue(label: "signals")
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: queue)
        }
        for source in sources {
            source.setEventHandler { [request] in
                if request.isMade.exchange(true, ordering: .relaxed) { _exit(Interruption.exitCode) }
                FileHandle.standardError.write(
                    Data("\nstopping after this step; once more to end at once\n".utf8))
            }
            source.resume()
        }
    }

    /// Whether somebody wants the run to stop.
    var isRequested: Bool { request.isMade.load(ordering: .relaxed) }
}
