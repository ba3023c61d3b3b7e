import Compute

/// One contribution to the gradients of a leaf for a set of tasks, not computed yet.
///
/// A layer's parameter gradient is an outer product of what went in (activations) and what came back (deltas, one block
/// per task). Keeping the two factors leaves the choice of how to use them to the caller: as one row per task, as inner
/// products of the tasks' gradients without forming them, or, once the tasks' weights are known, as a single product with
/// the weighted deltas.
public protocol ParameterGradient {
    var device: any Device { get }

    /// The sizes of the outer product; nil for gradients whose rows are there already or cost next to nothing.
    var outerProduct: OuterProduct? { get }

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

    /// Vectors whose inner products are those of the tasks' gradients, made from the factors of the outer product
    /// without forming it (the *delta form*).
    ///
    /// - Precondition: ``outerProduct`` is not nil.
    func deltaForm() throws(ComputeError) -> InnerProductFactors

    /// The part of the contribution that belongs to a range of output channels, the last axis of the leaf.
    ///
    /// - Precondition: ``outerProduct`` has one group.
    func sliced(outputs: Range<Int>) throws(ComputeError) -> any ParameterGradient
}

/// Two stacks of vectors, `[tasks, …]` both, such that `⟨left[k], right[l]⟩` is the inner product of the gradients of the
/// tasks k and l.
public struct InnerProductFactors {
    public let left: Tensor
    public let right: Tensor

    public init(left: Tensor, right: Tensor) {
        precondition(left.shape == right.shape, "factors of shapes \(left.shape) and \(right.shape)")
        self.left = left
        self.right = right
    }

    /// The gradients themselves, a row per task.
    public init(rows: Tensor) { self.init(left: rows, right: rows) }
}

/// Gradients whose rows are there already or cost next to nothing have no second form.
extension ParameterGradient {
    public var outerProduct: OuterProduct? { nil }

    public func deltaForm() throws(ComputeError) -> InnerProductFactors {
        preconditionFailure("\(type(of: self)) has no delta form")
    }

    public func sliced(outputs: Range<Int>) throws(ComputeError) -> any ParameterGradient {
        preconditionFailure("\(type(of: self)) is not computed in slices")
    }
}

/// A gradient that was computed in the reverse walk: `[tasks] + shape` of the leaf.
public struct DenseGradient: ParameterGradient {
    public let rows: Tensor

    public init(rows: Tensor) { self.rows = rows }

    public var device: any Device { rows.device }

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

    var device: any Device { deltas.device }

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
