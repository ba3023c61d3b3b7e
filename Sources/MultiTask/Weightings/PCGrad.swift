import Compute

/// Projecting conflicting gradients (PCGrad).
///
/// Each task's gradient gives up its component along every other task's gradient that it conflicts with, the others taken
/// in random order; the results are added. Written on coefficients: row `i` of `C` holds task `i`'s projected gradient as
/// a combination of the original ones, so every inner product is a row of `C·G`.
///
/// O(K³) for K tasks, independent of the number of parameters.
///
/// Source: Yu et al., "Gradient Surgery for Multi-Task Learning", NeurIPS 2020, algorithm 1.
public struct PCGrad: GramianWeighting {
    public static let name = "pcgrad"

    /// Where the next order is drawn.
    private var position: RandomPosition

    /// - Parameter seed: of the random orders, drawn anew for every task and step.
    public init(seed: UInt64) {
        position = RandomPosition(seed: seed, stream: Philox.stream(named: "pcgrad"))
    }

    public mutating func weights(for gramian: SquareMatrix) throws(WeightingError) -> [Double] {
        var generator = Philox(position)
        let orders = (0..<gramian.size).map { _ in generator.permutation(of: gramian.size) }
        position = generator.position
        return try PCGrad.weights(for: gramian, orders: orders)
    }

    /// The weights for given orders.
    ///
    /// - Parameter orders: per task the order in which the others are visited. The task itself is skipped.
    public static func weights(for gramian: SquareMatrix, orders: [[Int]]) throws(WeightingError) -> [Double] {
        let tasks = 0..<gramian.size
        for task in tasks where !gramian[task, task].isFinite { throw .notFinite(task: task) }
        guard orders.count == gramian.size, orders.allSatisfy({ $0.allSatisfy(tasks.contains) }) else {
            throw .badOrders(reason: "expected \(gramian.size) orders of numbers below \(gramian.size)")
        }
        var total = [Double](repeating: 0, count: gramian.size)
        for task in tasks {
            var coefficients = tasks.map { $0 == task ? 1.0 : 0.0 }
            for other in orders[task] where other != task {
                let overlap = tasks.reduce(0) { $0 + coefficients[$1] * gramian[$1, other] }
                // A zero gradient has no overlap, so the division is safe.
                if overlap < 0 { coefficients[other] -= overlap / gramian[other, other] }
            }
            for index in tasks { total[index] += coefficients[index] }
        }
        return total
    }
}
