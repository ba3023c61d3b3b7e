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
    public static let reduction = Reduction.sum

    private var orders: TaskOrders

    /// - Parameter seed: of the random orders, drawn anew for every task and step.
    public init(seed: UInt64) { orders = TaskOrders(seed: seed, stream: PCGrad.name) }

    public init(_ parameters: inout MethodParameters) throws(WeightingError) { self.init(seed: parameters.seed) }

    public mutating func weights(
        for gramian: SquareMatrix, in step: StepContext
    ) throws(WeightingError) -> [Double] {
        let size = gramian.size
        let orders = try self.orders.next(size, given: step.orders)
        var total = [Double](repeating: 0, count: size)
        var coefficients = total
        // Inner products of the projected gradient with all original ones.
        var products = total
        for task in 0..<size {
            for index in 0..<size {
                coefficients[index] = index == task ? 1 : 0
                products[index] = gramian[task, index]
            }
            // A zero gradient has no negative product, so the division is safe.
            for other in orders[task] where other != task && products[other] < 0 {
                let change = -products[other] / gramian[other, other]
                coefficients[other] += change
                for index in 0..<size { products[index] += change * gramian[other, index] }
            }
            for index in 0..<size { total[index] += coefficients[index] }
        }
        return total
    }
}
