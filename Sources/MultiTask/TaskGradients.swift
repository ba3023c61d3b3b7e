import Compute
import Networks
import Tensors

/// The gradients of one reverse walk, sorted by who shares them.
///
/// A parameter is *shared* if the losses of several tasks depend on it: that is found out, never declared. The shared part
/// is a matrix J with one row per task; a weighting sees its Gramian, and the update direction is a weighted sum of the
/// rows. Private parameters have one gradient, which no weighting touches.
public struct TaskGradients {
    private struct Shared {
        let segment: ParameterArena.Segment
        let gradient: LeafGradient
        /// First column of J.
        let column: Int
    }

    private let arena: ParameterArena
    private let tasks: [Int]
    private var shared: [Shared] = []
    private var privates: [(segment: ParameterArena.Segment, gradient: LeafGradient)] = []
    private var unreached: [ParameterArena.Segment] = []
    private var columns = 0
    /// J, once it was formed.
    private var jacobian: Tensor?

    /// - Parameters:
    ///   - leaves: what ``Tape/backward(from:)`` has returned.
    ///   - tasks: ascending numbers of the tasks that take part.
    public init(_ leaves: [Int: LeafGradient], of arena: ParameterArena, tasks: [Int]) {
        self.arena = arena
        self.tasks = tasks
        let trainable = arena.segments.indices.filter { !arena.isFrozen(at: $0) }
        for index in trainable.sorted(by: { arena.segments[$0].offset < arena.segments[$1].offset }) {
            let segment = arena.segments[index]
            switch leaves[index] {
            case nil: unreached.append(segment)
            case let gradient? where gradient.tasks.count > 1:
                shared.append(Shared(segment: segment, gradient: gradient, column: columns))
                columns += segment.shape.count
            case let gradient?: privates.append((segment, gradient))
            }
        }
    }

    /// Number of parameters that several tasks share.
    public var sharedCount: Int { columns }

    /// The groups of the arena that got a gradient.
    public var groups: Set<String> { Set(shared.map(\.segment.group) + privates.map(\.segment.group)) }

    /// The inner products of the tasks' gradients over the shared parameters.
    public mutating func gramian() throws(ComputeError) -> SquareMatrix {
        if columns == 0 { return SquareMatrix(size: tasks.count, values: Array(repeating: 0, count: tasks.count * tasks.count)) }
        return SquareMatrix(size: tasks.count, values: try rows().gramian())
    }

    /// J, `[tasks, shared parameters]`.
    public mutating func rows() throws(ComputeError) -> Tensor {
        if let jacobian { return jacobian }
        let isComplete = shared.allSatisfy { $0.gradient.contributions[0].tasks == tasks }
        let matrix =
            isComplete
            ? try Tensor(uninitialized: [tasks.count, columns], on: arena.device)
            : try Tensor.filled(with: 0, [tasks.count, columns], on: arena.device)
        for parameter in shared {
            for (index, contribution) in parameter.gradient.contributions.enumerated() {
                let target = matrix.storage.advanced(by: parameter.column)
                if contribution.tasks == tasks {
                    try contribution.gradient.writeRows(
                        to: target, stride: columns, accumulate: index > 0 || !isComplete)
                } else {
                    try addRows(of: contribution, count: parameter.segment.shape.count, to: target)
                }
            }
        }
        jacobian = matrix
        return matrix
    }

    /// Adds the rows of a contribution that does not come from all tasks.
    private func addRows(
        of contribution: LeafGradient.Contribution, count: Int, to target: Operand
    ) throws(ComputeError) {
        let rows = try Tensor(uninitialized: [contribution.tasks.count, count], on: arena.device)
        try contribution.gradient.writeRows(to: rows.storage, stride: count, accumulate: false)
        for (index, task) in contribution.tasks.enumerated() {
            guard let row = tasks.firstIndex(of: task) else { continue }
            try arena.device.encode(
                .stridedCopy(
                    StridedCopy(extents: [count], sourceStrides: [1], destinationStrides: [1], accumulates: true)),
                [rows.storage.advanced(by: index * count), target.advanced(by: row * columns)])
        }
    }

    /// Writes the update direction: `Σₖ wₖ·gₖ` for shared parameters, the own gradient for private ones, zero for those
    /// that no loss depends on.
    ///
    /// - Parameters:
    ///   - weights: one per task.
    ///   - weighsPrivate: multiplies the gradients of private parameters by their task's weight, too.
    ///   - gradients: shaped like the arena.
    public mutating func write(
        weights: [Double], weighsPrivate: Bool = false, to gradients: Tensor
    ) throws(ComputeError) {
        if columns > 0 {
            let matrix = try rows()
            let factors = try Tensor(weights.map(Float.init), shape: [weights.count], on: arena.device)
            for parameter in shared {
                try arena.device.encode(
                    .weightedRowSum(
                        WeightedRowSum(rows: tasks.count, columns: parameter.segment.shape.count, stride: columns)),
                    [
                        matrix.storage.advanced(by: parameter.column), factors.storage,
                        gradients.storage.advanced(by: parameter.segment.offset),
                    ])
            }
        }
        try writeOthers(weights: weighsPrivate ? weights : nil, to: gradients)
    }

    /// Writes an update direction that somebody else has computed from ``rows()``; private parameters are treated as by
    /// ``write(weights:weighsPrivate:to:)``.
    ///
    /// - Parameters:
    ///   - direction: of the shared parameters, as many elements as J has columns.
    ///   - privateWeights: one per task; nil leaves the gradients of private parameters as they are.
    public func write(
        direction: Tensor, privateWeights: [Double]? = nil, to gradients: Tensor
    ) throws(ComputeError) {
        precondition(direction.count == columns, "a direction \(direction.shape) for \(columns) shared parameters")
        for parameter in shared {
            try arena.device.encode(
                .stridedCopy(
                    StridedCopy(
                        extents: [parameter.segment.shape.count], sourceStrides: [1], destinationStrides: [1])),
                [
                    direction.storage.advanced(by: parameter.column),
                    gradients.storage.advanced(by: parameter.segment.offset),
                ])
        }
        try writeOthers(weights: privateWeights, to: gradients)
    }

    /// Writes what is not shared.
    private func writeOthers(weights: [Double]?, to gradients: Tensor) throws(ComputeError) {
        for (segment, gradient) in privates {
            for (index, contribution) in gradient.contributions.enumerated() {
                var own = contribution.gradient
                if let weights, let task = contribution.tasks.first, let row = tasks.firstIndex(of: task) {
                    own = try own.weighted(
                        by: try Tensor([Float(weights[row])], shape: [1], on: arena.device))
                }
                try own.writeRows(
                    to: gradients.storage.advanced(by: segment.offset), stride: segment.shape.count,
                    accumulate: index > 0)
            }
        }
        for segment in unreached {
            try arena.device.encode(
                .fill(Fill(count: segment.shape.count)), [gradients.storage.advanced(by: segment.offset)], scalars: [0])
        }
    }
}
