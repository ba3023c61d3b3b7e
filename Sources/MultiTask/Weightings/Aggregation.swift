/// A method applied to task gradients in host memory: what `concord aggregate` does, and a reference for the engine.
public struct Aggregation: Sendable {
    private var method: Method

    public init(_ method: Method) { self.method = method }

    /// - Parameters:
    ///   - jacobian: one row per task.
    ///   - orders: for PCGrad, the order in which every task visits the others, instead of a random one.
    /// - Returns: the weights and the weighted sum of the rows.
    public mutating func callAsFunction(
        _ jacobian: [[Double]], orders: [[Int]]? = nil
    ) throws(WeightingError) -> (weights: [Double], aggregate: [Double]) {
        let weights: [Double]
        switch method {
        case .constant(let constant):
            weights = constant.weights(tasks: jacobian.count)
        case .gramian(var gramian):
            let products = SquareMatrix(gramianOf: jacobian)
            if let orders, gramian is PCGrad {
                weights = try PCGrad.weights(for: products, orders: orders)
            } else {
                weights = try gramian.weights(for: products)
                method = .gramian(gramian)
            }
        }
        var aggregate = [Double](repeating: 0, count: jacobian.first?.count ?? 0)
        for (row, weight) in zip(jacobian, weights) {
            for column in aggregate.indices { aggregate[column] += weight * row[column] }
        }
        return (weights, aggregate)
    }
}
