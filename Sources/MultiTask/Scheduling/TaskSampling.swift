import Compute
import Foundation

extension ScheduledStep {
    /// Draws different tasks, each with a probability in proportion to `nᵢ^exponent` among those not drawn before.
    ///
    /// - Parameter count: how many, as far as there are tasks.
    /// - Returns: ascending numbers.
    func drawTasks(_ count: Int, exponent: Double) -> [Int] {
        // Shares of the largest instead of counts: their powers stay in range for any exponent.
        let largest = Double(tasks.map { labelledSamples[$0] }.max() ?? 1)
        var remaining = tasks.map { (task: $0, weight: pow(Double(labelledSamples[$0]) / largest, exponent)) }
        // A step has 2⁸ blocks of the stream to itself.
        var generator = Philox(
            RandomPosition(seed: seed, stream: Philox.stream(named: "schedule"), block: UInt64(step) << 8))
        var drawn: [Int] = []
        for _ in 0..<min(count, tasks.count) {
            let total = remaining.reduce(0) { $0 + $1.weight }
            var point = generator.uniform() * total
            // Rounding may leave a rest behind the last task.
            var chosen = remaining.count - 1
            for (position, candidate) in remaining.enumerated() {
                point -= candidate.weight
                if point < 0 {
                    chosen = position
                    break
                }
            }
            drawn.append(remaining.remove(at: chosen).task)
        }
        return drawn.sorted()
    }
}

extension Philox {
    /// A uniform number in [0, 1) with 53 random bits.
    fileprivate mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }
}
