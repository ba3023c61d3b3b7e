import Compute

extension Tensor {
    /// The inner products of all pairs of rows of a matrix `[rows, columns]`, added up in Float64.
    ///
    /// - Returns: rows × rows values, row-major; both triangles.
    public func gramian() throws(ComputeError) -> [Double] {
        precondition(shape.rank == 2, "gramian of a tensor of shape \(shape)")
        let (rows, columns) = (shape[0], shape[1])
        let primitive = Gramian(rows: rows, columns: columns, stride: columns)
        let partials = try Tensor(uninitialized: [primitive.tiles, rows * rows], on: device)
        try device.encode(.gramian(primitive), [storage, storage, partials.storage])
        var total = [Double](repeating: 0, count: rows * rows)
        for (index, value) in try partials.floats().enumerated() { total[index % (rows * rows)] += Double(value) }
        return total
    }
}
