import Compute
import Networks
import Tensors

/// The gradients of one reverse walk, sorted by who shares them.
///
/// A parameter is *shared* if the losses of several tasks depend on it: that is found out, never declared. The shared part
/// is a matrix J with one row per task; a weighting sees its Gramian, and the update direction is a weighted sum of the
/// rows. Private parameters have one gradient, which no weighting touches.
///
/// J need not exist. Where a layer's sizes favour it, its share of the Gramian comes from activations and deltas, and the
/// weighted gradient is one product with the weighted deltas. Elsewhere the layer's gradients are formed task by task; they
/// are kept until the weights are known if that is cheaper than the product and memory permits.
public struct TaskGradients {
    /// What is made of shared gradients as they arrive.
    public enum Purpose: Sendable {
        /// Their inner products.
        ///
        /// - Parameter memory: bytes for rows of J. Half of them hold rows until the weights are known, the other half is
        ///   for the rows of the layer at hand, which are computed in slices where it does not suffice.
        case gramian(memory: Int = TaskGradients.defaultMemory)
        /// Nothing yet: J is asked for later.
        case jacobian
    }

    /// 256 MiB.
    public static let defaultMemory = 256 << 20

    /// What is left of a gradient for ``write(weights:to:)``.
    private enum Form {
        /// `[tasks, elements]`
        case rows(Tensor)
        case contributions([LeafGradient.Contribution])
    }

    private struct Shared {
        let segment: ParameterArena.Segment
        /// Ascending numbers of the tasks that reach the parameter.
        let tasks: [Int]
        let part: Int
        let form: Form

        /// Rows that were kept are a contribution like others.
        var contributions: [LeafGradient.Contribution] {
            switch form {
            case .rows(let rows): [LeafGradient.Contribution(tasks: tasks, gradient: DenseGradient(rows: rows))]
            case .contributions(let contributions): contributions
            }
        }
    }

    private let arena: ParameterArena
    let tasks: [Int]
    private let purpose: Purpose
    /// By number of the parameter.
    private let parts: [Int]
    private var shared: [Shared] = []
    private var privates: [(segment: ParameterArena.Segment, gradient: LeafGradient)] = []
    /// Gradients that are the weighted sum of several tasks' already.
    private var weighted: [(segment: ParameterArena.Segment, gradient: LeafGradient)] = []
    private var reached: Set<Int> = []
    private var products: GramianSum
    private var keptBytes = 0
    /// J, once it was formed.
    private var jacobian: Tensor?

    /// - Parameters:
    ///   - tasks: ascending numbers of the tasks that take part.
    ///   - parts: by number of the parameter, the Gramian that it belongs to, counted from 0. Nil is one for all.
    public init(of arena: ParameterArena, tasks: [Int], purpose: Purpose = .gramian(), parts: [Int]? = nil) {
        precondition(parts.map { $0.count == arena.segments.count } ?? true, "a part for every parameter is needed")
        self.arena = arena
        self.tasks = tasks
        self.purpose = purpose
        self.parts = parts ?? Array(repeating: 0, count: arena.segments.count)
        products = GramianSum(size: tasks.count, on: arena.device)
    }

    /// Walks a tape backwards and takes the gradients as they arrive.
    public init(
        walking tape: Tape, from seeds: [Seed], of arena: ParameterArena, tasks: [Int], purpose: Purpose = .gramian(),
        parts: [Int]? = nil
    ) throws(ComputeError) {
        self.init(of: arena, tasks: tasks, purpose: purpose, parts: parts)
        try tape.backward(from: seeds) { (leaf, gradient) throws(ComputeError) in try add(gradient, of: leaf) }
    }

    /// Number of Gramians.
    public var partCount: Int { (parts.max() ?? 0) + 1 }

    /// The Gramians that shared parameters belong to.
    public var sharedParts: Set<Int> { Set(shared.map(\.part)) }

    /// Number of parameters that several tasks share.
    public var sharedCount: Int { shared.reduce(0) { $0 + $1.segment.shape.count } }

    /// The groups of the arena that got a gradient.
    public var groups: Set<String> {
        Set(shared.map(\.segment.group) + (privates + weighted).map(\.segment.group))
    }

    // MARK: Gradients that arrive

    /// Takes the gradients of a parameter, by its number.
    ///
    /// - Parameter isWeighted: whether they are the weighted sum of several tasks', which nothing more is done to.
    public mutating func add(
        _ gradient: LeafGradient, of index: Int, isWeighted: Bool = false
    ) throws(ComputeError) {
        let reaching = gradient.tasks
        guard !arena.isFrozen(at: index), !reaching.isEmpty else { return }
        let segment = arena.segments[index]
        reached.insert(index)
        if isWeighted {
            weighted.append((segment, gradient))
            return
        }
        if reaching.count == 1 {
            privates.append((segment, gradient))
            return
        }
        var form = Form.contributions(gradient.contributions)
        if case .gramian(let memory) = purpose {
            form = try addProducts(of: gradient, segment, part: parts[index], memory: memory)
        }
        shared.append(Shared(segment: segment, tasks: reaching, part: parts[index], form: form))
    }

    /// Adds a parameter's share to the Gramian in the form that costs least.
    private mutating func addProducts(
        of gradient: LeafGradient, _ segment: ParameterArena.Segment, part: Int, memory: Int
    ) throws(ComputeError) -> Form {
        let reaching = gradient.tasks
        let place = GramianSum.Place(part: part, positions: reaching.compactMap(tasks.firstIndex))
        let bytes = 4 * reaching.count * segment.shape.count
        let fits = keptBytes + bytes <= memory / 2
        let single = gradient.contributions.count == 1 ? gradient.contributions[0].gradient : nil
        if let dense = single as? DenseGradient {
            try products.add(InnerProductFactors(rows: dense.rows), at: place)
            return .rows(dense.rows)
        }
        let size = single?.outerProduct
        if let single, let size {
            if size.form == .deltas {
                try products.add(single.deltaForm(), at: place)
                return .contributions(gradient.contributions)
            }
            if bytes > memory / 2, size.groups == 1 {
                try addSlices(of: single, size, at: place, bytes: memory / 2)
                return .contributions(gradient.contributions)
            }
        }
        let rows = try rows(of: gradient.contributions, tasks: reaching, columns: segment.shape.count)
        try products.add(InnerProductFactors(rows: rows), at: place)
        guard fits, size?.favorsKeepingRows ?? true else { return .contributions(gradient.contributions) }
        keptBytes += bytes
        return .rows(rows)
    }

    /// Adds the inner products of rows that memory does not hold at once, some output channels at a time.
    private mutating func addSlices(
        of gradient: any ParameterGradient, _ size: OuterProduct, at place: GramianSum.Place, bytes: Int
    ) throws(ComputeError) {
        // A slice needs its deltas in one piece besides its rows.
        let fitting = max(bytes / (4 * size.tasks * (size.rows + size.inputs)), 1)
        // Whole vectors of channels, as far as there is memory for one.
        let width = fitting >= 16 ? fitting / 16 * 16 : fitting
        for start in stride(from: 0, to: size.outputs, by: width) {
            let outputs = start..<min(start + width, size.outputs)
            let columns = size.inputs * outputs.count
            let rows = try Tensor(uninitialized: [size.tasks, columns], on: arena.device)
            try gradient.sliced(outputs: outputs).writeRows(to: rows.storage, stride: columns, accumulate: false)
            try products.add(InnerProductFactors(rows: rows), at: place)
        }
    }

    /// A row of `columns` elements per task, the sum over all contributions.
    private func rows(
        of contributions: [LeafGradient.Contribution], tasks: [Int], columns: Int
    ) throws(ComputeError) -> Tensor {
        let isComplete = contributions[0].tasks == tasks
        let shape: Shape = [tasks.count, columns]
        let rows =
            isComplete
            ? try Tensor(uninitialized: shape, on: arena.device) : try Tensor.filled(with: 0, shape, on: arena.device)
        for (index, contribution) in contributions.enumerated() {
            try contribution.writeRows(
                to: rows, columns: columns, tasks: tasks, accumulate: index > 0 || !isComplete)
        }
        return rows
    }

    // MARK: What is made of them

    /// The inner products of the tasks' gradients over the shared parameters of every part.
    public mutating func gramians() throws(ComputeError) -> [SquareMatrix] {
        try products.totals(parts: partCount)
    }

    /// The inner products of the tasks' gradients over all shared parameters.
    public mutating func gramian() throws(ComputeError) -> SquareMatrix {
        if case .jacobian = purpose, sharedCount > 0 {
            return SquareMatrix(size: tasks.count, values: try rows().gramian())
        }
        let gramians = try gramians()
        let values = gramians[0].values.indices.map { index in gramians.reduce(0) { $0 + $1.values[index] } }
        return SquareMatrix(size: tasks.count, values: values)
    }

    /// J, `[tasks, shared parameters]`, the parameters in the order of the arena.
    public mutating func rows() throws(ComputeError) -> Tensor {
        if let jacobian { return jacobian }
        let isComplete = shared.allSatisfy { $0.contributions[0].tasks == tasks }
        let shape: Shape = [tasks.count, sharedCount]
        let matrix =
            isComplete
            ? try Tensor(uninitialized: shape, on: arena.device) : try Tensor.filled(with: 0, shape, on: arena.device)
        for (parameter, column) in columns {
            for (index, contribution) in parameter.contributions.enumerated() {
                try contribution.writeRows(
                    to: matrix, at: column, columns: parameter.segment.shape.count, tasks: tasks,
                    accumulate: index > 0 || !isComplete)
            }
        }
        jacobian = matrix
        return matrix
    }

    /// The shared parameters with their first column of J.
    private var columns: [(parameter: Shared, column: Int)] {
        var column = 0
        return shared.sorted { $0.segment.offset < $1.segment.offset }.map { parameter in
            defer { column += parameter.segment.shape.count }
            return (parameter, column)
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
        try write(
            weights: Array(repeating: weights, count: partCount), privateWeights: weighsPrivate ? weights : nil,
            to: gradients)
    }

    /// Writes the update direction with weights of their own for every part.
    ///
    /// - Parameters:
    ///   - weights: by part, one per task.
    ///   - privateWeights: one per task; nil leaves the gradients of private parameters as they are.
    public mutating func write(
        weights: [[Double]], privateWeights: [Double]? = nil, to gradients: Tensor
    ) throws(ComputeError) {
        var factors = TaskWeights(weights, of: tasks, on: arena.device)
        if let jacobian {
            for (parameter, column) in columns {
                try weightedSum(
                    of: jacobian, at: column, factors.tensor(for: tasks, part: parameter.part), parameter.segment,
                    to: gradients)
            }
        } else {
            for parameter in shared {
                switch parameter.form {
                case .rows(let rows):
                    let weights = try factors.tensor(for: parameter.tasks, part: parameter.part)
                    try weightedSum(
                        of: rows.reshaped([parameter.tasks.count, parameter.segment.shape.count]), at: 0, weights,
                        parameter.segment, to: gradients)
                case .contributions(let contributions):
                    for (index, contribution) in contributions.enumerated() {
                        let weights = try factors.tensor(for: contribution.tasks, part: parameter.part)
                        try contribution.gradient.weighted(by: weights).writeRows(
                            to: gradients.storage.advanced(by: parameter.segment.offset),
                            stride: parameter.segment.shape.count, accumulate: index > 0)
                    }
                }
            }
        }
        try writeOthers(weights: privateWeights, to: gradients)
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
        precondition(
            direction.count == sharedCount, "a direction \(direction.shape) for \(sharedCount) shared parameters")
        for (parameter, column) in columns {
            try arena.device.encode(
                .stridedCopy(
                    StridedCopy(
                        extents: [parameter.segment.shape.count], sourceStrides: [1], destinationStrides: [1])),
                [
                    direction.storage.advanced(by: column),
                    gradients.storage.advanced(by: parameter.segment.offset),
                ])
        }
        try writeOthers(weights: privateWeights, to: gradients)
    }

    /// Writes what is not shared.
    private func writeOthers(weights: [Double]?, to gradients: Tensor) throws(ComputeError) {
        for (segment, gradient, isPrivate) in privates.map({ ($0, $1, true) }) + weighted.map({ ($0, $1, false) }) {
            for (index, contribution) in gradient.contributions.enumerated() {
                var own = contribution.gradient
                if isPrivate, let weights, let task = contribution.tasks.first, let row = tasks.firstIndex(of: task) {
                    own = try own.weighted(
                        by: try Tensor([Float(weights[row])], shape: [1], on: arena.device))
                }
                try own.writeRows(
                    to: gradients.storage.advanced(by: segment.offset), stride: segment.shape.count,
                    accumulate: index > 0)
            }
        }
        for (index, segment) in arena.segments.enumerated() where !arena.isFrozen(at: index) && !reached.contains(index) {
            try arena.device.encode(
                .fill(Fill(count: segment.shape.count)), [gradients.storage.advanced(by: segment.offset)], scalars: [0])
        }
    }

    private func weightedSum(
        of matrix: Tensor, at column: Int, _ weights: Tensor, _ segment: ParameterArena.Segment, to gradients: Tensor
    ) throws(ComputeError) {
        try arena.device.encode(
            .weightedRowSum(
                WeightedRowSum(rows: matrix.shape[0], columns: segment.shape.count, stride: matrix.shape[1])),
            [
                matrix.storage.advanced(by: column), weights.storage,
                gradients.storage.advanced(by: segment.offset),
            ])
    }
}

/// Weights on the device, for the sets of tasks that reach parameters.
private struct TaskWeights {
    private struct Key: Hashable {
        let tasks: [Int]
        let part: Int
    }

    private let weights: [[Double]]
    private let tasks: [Int]
    private let device: any Device
    private var tensors: [Key: Tensor] = [:]

    init(_ weights: [[Double]], of tasks: [Int], on device: any Device) {
        self.weights = weights
        self.tasks = tasks
        self.device = device
    }

    /// The weights of some tasks; 0 for those that do not take part.
    mutating func tensor(for subset: [Int], part: Int) throws(ComputeError) -> Tensor {
        let key = Key(tasks: subset, part: part)
        if let known = tensors[key] { return known }
        let values = subset.map { task in tasks.firstIndex(of: task).map { Float(weights[part][$0]) } ?? 0 }
        let tensor = try Tensor(values, shape: [subset.count], on: device)
        tensors[key] = tensor
        return tensor
    }
}
