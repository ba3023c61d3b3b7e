/// A method applied to task gradients in host memory, in Float64: what `concord aggregate` does, and a reference for the
/// engine. What a method learns from one call is there in the next.
///
/// Where the method works with epochs, every call counts as one. Methods that combine the gradients of two batches take
/// the rows of the call before as the other batch; the first call has only its own.
public struct Aggregation: Sendable {
    private var method: Method
    private var memory = RowMemory<HostRows>()

    public init(_ method: Method) { self.method = method }

    /// - Parameters:
    ///   - jacobian: one row per task.
    ///   - losses: one per task, for methods that use them.
    ///   - orders: for PCGrad and GradVac, the order in which every task visits the others, instead of a random one.
    /// - Returns: the weights, nil for methods without, and the direction.
    public mutating func callAsFunction(
        _ jacobian: [[Double]], losses: [Double]? = nil, orders: [[Int]]? = nil
    ) throws -> (weights: [Double]?, aggregate: [Double]) {
        for (task, row) in jacobian.enumerated() where !row.allSatisfy(\.isFinite) {
            throw WeightingError.notFinite(task: task)
        }
        var step = StepContext(taskCount: jacobian.count, losses: losses)
        step.orders = orders
        let rows = HostRows(jacobian)
        let weights: [Double]
        switch method.kind {
        case .jacobian:
            let result = try method.aggregate(rows, memory: &memory, in: step)
            return (result.weights, result.direction[0])
        case .loss: weights = try method.weights(in: step)
        case .gramian: weights = try method.weights(for: rows.gramian(), in: step)
        }
        if let losses { method.finishEpoch(meanLosses: losses) }
        return (weights, rows.combined(with: weights)[0])
    }
}
