import Compute

extension Tensor {
    /// `Σ_k weights[k]·self[k]` over the first axis, which stays with extent 1.
    func weightedRowSum(_ weights: Tensor) throws(ComputeError) -> Tensor {
        precondition(weights.count == shape[0], "\(weights.count) weights for \(shape[0]) rows")
        let columns = count / shape[0]
        let result = try Tensor(uninitialized: Shape([1] + shape.dropFirst()), on: device)
        try device.encode(
            .weightedRowSum(WeightedRowSum(rows: shape[0], columns: columns, stride: columns)),
            [storage, weights.storage, result.storage])
        return result
    }
}
