import Compute
import Tensors

extension LeafGradient.Contribution {
    /// Writes the rows into a matrix with a row per task.
    ///
    /// - Parameters:
    ///   - column: where the rows start.
    ///   - columns: elements of a row.
    ///   - tasks: numbers of the matrix's rows.
    ///   - accumulate: adds to the matrix instead of overwriting the rows of the contribution's tasks.
    func writeRows(
        to matrix: Tensor, at column: Int = 0, columns: Int, tasks: [Int], accumulate: Bool
    ) throws(ComputeError) {
        let stride = matrix.shape[1]
        let target = matrix.storage.advanced(by: column)
        if self.tasks == tasks {
            return try gradient.writeRows(to: target, stride: stride, accumulate: accumulate)
        }
        let part = try Tensor(uninitialized: [self.tasks.count, columns], on: matrix.device)
        try gradient.writeRows(to: part.storage, stride: columns, accumulate: false)
        for (index, task) in self.tasks.enumerated() {
            guard let row = tasks.firstIndex(of: task) else { continue }
            try matrix.device.encode(
                .stridedCopy(
                    StridedCopy(extents: [columns], sourceStrides: [1], destinationStrides: [1], accumulates: accumulate)),
                [part.storage.advanced(by: index * columns), target.advanced(by: row * stride)])
        }
    }
}

/// The gradients of several reverse walks, added up: what a step needs that is walked back in parts.
///
/// Inner products of sums need the sums, so this holds a row per task for every parameter, K times the parameters.
struct AccumulatedGradients {
    private struct Sum {
        /// `[tasks, elements]`
        let rows: Tensor
        var reaching: Set<Int> = []
    }

    private let tasks: [Int]
    private var sums: [Int: Sum] = [:]

    /// - Parameter tasks: ascending numbers of all tasks that a walk may come from.
    init(tasks: [Int]) { self.tasks = tasks }

    mutating func add(_ gradient: LeafGradient, of leaf: Int, columns: Int) throws(ComputeError) {
        guard let device = gradient.contributions.first?.gradient.device else { return }
        var sum: Sum
        if let known = sums[leaf] {
            sum = known
        } else {
            sum = Sum(rows: try Tensor.filled(with: 0, [tasks.count, columns], on: device))
        }
        for contribution in gradient.contributions {
            try contribution.writeRows(to: sum.rows, columns: columns, tasks: tasks, accumulate: true)
            sum.reaching.formUnion(contribution.tasks)
        }
        sums[leaf] = sum
    }

    /// The sums, by number of the parameter.
    func gradients() throws(ComputeError) -> [(leaf: Int, gradient: LeafGradient)] {
        var result: [(leaf: Int, gradient: LeafGradient)] = []
        for (leaf, sum) in sums.sorted(by: { $0.key < $1.key }) {
            let reaching = tasks.filter(sum.reaching.contains)
            var rows = sum.rows
            if reaching != tasks {
                let columns = rows.shape[1]
                let parts = reaching.compactMap(tasks.firstIndex).map { row in
                    Tensor(viewing: rows.storage.advanced(by: row * columns), shape: [1, columns])
                }
                rows = parts.count == 1 ? parts[0] : try Tensor.concatenate(parts, axis: 0)
            }
            result.append(
                (leaf, LeafGradient([LeafGradient.Contribution(tasks: reaching, gradient: DenseGradient(rows: rows))])))
        }
        return result
    }
}
