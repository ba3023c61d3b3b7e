import Compute

/// The orders in which PCGrad and GradVac let every task visit the others.
struct TaskOrders: Codable, Sendable {
    /// Where the next order is drawn.
    private var position: RandomPosition

    init(seed: UInt64, stream: String) {
        position = RandomPosition(seed: seed, stream: Philox.stream(named: stream))
    }

    /// An order per task: those given, or new random ones. They may contain the task itself, which is skipped by whoever
    /// follows them.
    ///
    /// - Throws: ``WeightingError/badOrders(reason:)``
    mutating func next(_ tasks: Int, given: [[Int]]?) throws(WeightingError) -> [[Int]] {
        if let given {
            guard given.count == tasks, given.allSatisfy({ $0.allSatisfy((0..<tasks).contains) }) else {
                throw .badOrders(reason: "expected \(tasks) orders of numbers below \(tasks)")
            }
            return given
        }
        var generator = Philox(position)
        defer { position = generator.position }
        return (0..<tasks).map { _ in generator.permutation(of: tasks) }
    }
}
