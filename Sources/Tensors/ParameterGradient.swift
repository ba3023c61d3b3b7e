import Compute

/// One contribution to the gradients of a leaf for a set of tasks, not computed yet.
///
/// A layer's parameter gradient is an outer product of what went in (activations) and what came back (deltas, one block
/// per task). Keeping the two factors leaves the choice of how to use them to the caller: as one row per task, or, once
/// the tasks' weights are known, as a single product with the weighted deltas.
public protocol ParameterGradient {
    /// Writes the gradient of every task as a row.
    ///
    /// - Parameters:
    ///   - rows: where the first row starts.
    ///   - stride: elements from one row to the next.
    ///   - accumulate: adds to the rows instead of overwriting them.
    func writeRows(to rows: Operand, stride: Int, accumulate: Bool) throws(ComputeError)

    /// The contribution with each task's deltas multiplied by its weight and added: a gradient for one task.
    ///
    /// - Parameter weights: a tensor `[tasks]`.
    func weighted(by weights: Tensor) throws(ComputeError) -> any ParameterGradient
}

/// A gradient that was computed in the reverse walk: `[tasks] + shape` of the leaf.
public struct DenseGradient: ParameterGradient {
    public let rows: Tensor

    public init(rows: Tensor) { self.rows = rows }

    public func writeRows(to destination: Operand, stride: Int, accumulate: Bool) throws(ComputeError) {
        let columns = rows.count / rows.shape[0]
        try rows.device.encode(
            .stridedCopy(
                StridedCopy(
                    extents: [rows.shape[0], columns], sourceStrides: [columns, 1], destinationStrides: [stride, 1],
                    accumulates: accumulate)),
            [rows.storage, destination])
    }

    public func weighted(by weights: Tensor) throws(ComputeError) -> any ParameterGradient {
        DenseGradient(rows: try rows.weightedRowSum(weights))
    }
}

/// The gradient of a bias: the sum of the deltas `[tasks, rows, columns]` over the rows.
struct BiasGradient: ParameterGradient {
    let deltas: Tensor

    func writeRows(to destination: Operand, stride: Int, accumulate: Bool) throws(ComputeError) {
        let (tasks, rows, columns) = (deltas.shape[0], deltas.shape[1], deltas.shape[2])
        let reduction = Primitive.reduction(Reduction(.sum, outer: tasks, axis: rows, inner: columns))
        if !accumulate && (tasks == 1 || stride == columns) {
            try deltas.device.encode(reduction, [deltas.storage, destination])
        } else {
            let sums = try Tensor(uninitialized: [tasks, columns], on: deltas.device)
            try deltas.device.encode(reduction, [deltas.storage, sums.storage])
            try DenseGradient(rows: sums).writeRows(to: destination, stride: stride, accumulate: accumulate)
        }
    }

    func weighted(by weights: Tensor) throws(ComputeError) -> any ParameterGradient {
        BiasGradient(deltas: try deltas.weightedRowSum(weights))
    }
}
