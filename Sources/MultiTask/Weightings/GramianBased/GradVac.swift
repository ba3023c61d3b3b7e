/// Gradient vaccine (GradVac): PCGrad that aims at each pair's usual cosine instead of a right angle.
///
/// Where the cosine ρ between a task's gradient (with the changes so far) and another's is below its target ρ̂, so much of
/// the other gradient is added that the cosine becomes ρ̂. Every visit moves the target, `ρ̂ ← (1-β)·ρ̂ + β·ρ`.
///
/// O(K³), independent of the number of parameters. Remembers the targets.
///
/// Parameters: `beta` = 0.5; `epsilon` = 1e-8, which is added to denominators as the authors' code does. It has the unit of a
/// squared norm: for gradients with norms near 1e-4 set it to 0, which is safe, too.
///
/// Source: Wang, Tsvetkov, Firat, Cao, "Gradient Vaccine: Investigating and Improving Multi-task Optimization in Massively
/// Multilingual Models", ICLR 2021.
public struct GradVac: GramianWeighting {
    public static let name = "gradvac"
    public static let reduction = Reduction.sum

    public var beta: Double
    public var epsilon: Double
    private var orders: TaskOrders
    /// Target cosines of all pairs of tasks, row by row.
    private var targets: [Double] = []

    /// - Precondition: `beta` in 0...1, `epsilon` not negative.
    public init(beta: Double = 0.5, epsilon: Double = 1e-8, seed: UInt64) {
        precondition((0...1).contains(beta) && epsilon >= 0, "GradVac: beta \(beta), epsilon \(epsilon)")
        (self.beta, self.epsilon) = (beta, epsilon)
        orders = TaskOrders(seed: seed, stream: GradVac.name)
    }

    public init(_ parameters: inout MethodParameters) throws(WeightingError) {
        beta = try parameters.share("beta", default: 0.5)
        epsilon = try parameters.nonNegative("epsilon", default: 1e-8)
        orders = TaskOrders(seed: parameters.seed, stream: GradVac.name)
    }

    public mutating func reset() { targets = [] }

    public mutating func weights(
        for gramian: SquareMatrix, in step: StepContext
    ) throws(WeightingError) -> [Double] {
        let size = gramian.size
        let orders = try self.orders.next(size, given: step.orders)
        let pairs = step.taskCount * step.taskCount
        if targets.count != pairs { targets = Array(repeating: 0, count: pairs) }
        var total = [Double](repeating: 0, count: size)
        var coefficients = total
        // Inner products of the changed gradient with all original ones.
        var products = total
        for task in 0..<size {
            for index in 0..<size {
                coefficients[index] = index == task ? 1 : 0
                products[index] = gramian[task, index]
            }
            for other in orders[task] where other != task {
                var square = 0.0
                for index in 0..<size { square += coefficients[index] * products[index] }
                let (norm, otherNorm) = (max(square, 0).squareRoot(), max(gramian[other, other], 0).squareRoot())
                let denominator = norm * otherNorm + epsilon
                // A zero gradient has no angle.
                let cosine = denominator > 0 ? products[other] / denominator : 0
                let pair = step.tasks[task] * step.taskCount + step.tasks[other]
                let target = targets[pair]
                let targetSine = max(1 - target * target, 0).squareRoot()
                let reach = otherNorm * targetSine + epsilon
                if cosine < target && reach > 0 {
                    let sine = max(1 - cosine * cosine, 0).squareRoot()
                    let change = norm * (target * sine - cosine * targetSine) / reach
                    coefficients[other] += change
                    for index in 0..<size { products[index] += change * gramian[other, index] }
                }
                targets[pair] = (1 - beta) * target + beta * cosine
            }
            for index in 0..<size { total[index] += coefficients[index] }
        }
        return total
    }
}
