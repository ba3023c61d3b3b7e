import Dispatch
import Synchronization

/// Runs parts of a piece of work on several threads.
///
/// How a piece is cut must not depend on ``count`` where a result would depend on the cut: the same bits come out on
/// any number of threads.
struct Workers {
    /// The largest number of threads that work at a time.
    let count: Int

    /// - Precondition: `count` is positive.
    init(count: Int) {
        precondition(count > 0, "CPUDevice: \(count) threads")
        self.count = count
    }

    /// Runs `body` once for every part, in no particular order; the last argument is smaller than ``count`` and differs
    /// between parts that run at the same time.
    func run(parts: Int, _ body: (_ part: Int, _ worker: Int) -> Void) {
        guard parts > 1, count > 1 else {
            for part in 0..<parts { body(part, 0) }
            return
        }
        let next = Atomic(0)
        withoutActuallyEscaping(body) { body in
            // Parts write to different places and end before this function does.
            nonisolated(unsafe) let body = body
            DispatchQueue.concurrentPerform(iterations: min(parts, count)) { worker in
                while true {
                    let part = next.wrappingAdd(1, ordering: .relaxed).oldValue
                    guard part < parts else { return }
                    body(part, worker)
                }
            }
        }
    }

    /// Cuts `0..<count` into ranges of `grain` and runs `body` for each.
    func run(count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
        let grain = max(grain, 1)
        run(parts: (count + grain - 1) / grain) { part, _ in
            body(part * grain..<min(count, (part + 1) * grain))
        }
    }
}

extension Workers {
    /// Elements of elementwise work that are worth a thread.
    static let elementGrain = 1 << 14

    /// Runs `body` over ranges of elements; the borders are multiples of the grain, a power of two.
    func elements(_ count: Int, cost: Int = 1, _ body: (Range<Int>) -> Void) {
        run(count: count, grain: Workers.elementGrain / cost, body)
    }

    /// Runs `body` over ranges of rows of `columns` elements.
    func rows(_ rows: Int, columns: Int, cost: Int = 1, _ body: (Range<Int>) -> Void) {
        run(count: rows, grain: Workers.elementGrain / max(columns * cost, 1), body)
    }
}
