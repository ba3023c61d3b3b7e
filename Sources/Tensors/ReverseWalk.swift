import Compute

/// Derivatives of several tasks' losses by one tensor: a block per task, stacked along the first axis.
struct Cotangent {
    /// Ascending numbers of the tasks.
    let tasks: [Int]
    /// `[tasks.count] + shape`
    var value: Tensor
}

/// A loss from which a reverse walk starts.
public struct Seed {
    /// The loss, a scalar that was computed on the tape.
    public let loss: Tensor
    /// The task that it belongs to. Losses of the same task add up.
    public let task: Int
    /// Factor on the loss.
    public let weight: Float

    public init(_ loss: Tensor, task: Int, weight: Float = 1) {
        self.loss = loss
        self.task = task
        self.weight = weight
    }
}

/// The gradients that reached one leaf.
public struct LeafGradient {
    /// Contributions of one set of tasks each; a layer that is used twice contributes twice.
    public struct Contribution {
        /// Ascending numbers of the tasks, in the order of the contribution's rows.
        public let tasks: [Int]
        public let gradient: any ParameterGradient
    }

    public internal(set) var contributions: [Contribution] = []

    /// Ascending numbers of the tasks whose loss depends on the leaf. A leaf is *shared* if there are several.
    public var tasks: [Int] { Set(contributions.flatMap(\.tasks)).sorted() }
}

/// What an operation may do in its part of the reverse walk.
public struct ReverseStep {
    /// Number of tasks that are stacked in the cotangent.
    public var tasks: Int { taskNumbers.count }
    let taskNumbers: [Int]
    let inputs: [Int]
    let walk: ReverseWalk

    /// Whether the cotangent of an input is wanted. Computing one that is not is wasted.
    public func needs(_ input: Int) -> Bool { inputs[input] >= 0 }

    /// Number of inputs that the operation was recorded with.
    public var inputCount: Int { inputs.count }

    /// Adds to the cotangent of an input.
    ///
    /// - Parameter value: `[tasks]` + the input's shape.
    public func add(_ value: Tensor, to input: Int) {
        let node = inputs[input]
        guard node >= 0 else { return }
        let expected = walk.tape.records[node].shape.prepending(tasks)
        precondition(
            value.shape == expected, "cotangent of shape \(value.shape) for input \(input), expected \(expected)")
        if walk.tape.records[node].operation == nil {
            walk.add(DenseGradient(rows: value), tasks: taskNumbers, toLeafAt: node)
        } else {
            walk.pending[node].append(Cotangent(tasks: taskNumbers, value: value))
        }
    }

    /// Adds to the cotangent of an input what `write` computes: onto the contribution that has arrived already, where
    /// there is one of the same tasks that nobody else uses, which spares a tensor and the addition.
    ///
    /// - Parameter write: writes `[tasks]` + the input's shape, or adds to it.
    public func accumulate(
        to input: Int, on device: any Device,
        _ write: (_ destination: Operand, _ accumulate: Bool) throws(ComputeError) -> Void
    ) throws(ComputeError) {
        let node = inputs[input]
        guard node >= 0 else { return }
        for position in walk.pending[node].indices
        where walk.pending[node][position].tasks == taskNumbers
            && walk.pending[node][position].value.isUniquelyReferenced()
        {
            return try write(walk.pending[node][position].value.storage, true)
        }
        let value = try Tensor(uninitialized: walk.tape.records[node].shape.prepending(tasks), on: device)
        try write(value.storage, false)
        add(value, to: input)
    }

    /// Adds an outer product to the gradient of an input. It is computed here only if the input is not a leaf.
    public func add(_ gradient: some ParameterGradient, to input: Int, device: any Device) throws(ComputeError) {
        let node = inputs[input]
        guard node >= 0 else { return }
        let record = walk.tape.records[node]
        if record.operation == nil {
            walk.add(gradient, tasks: taskNumbers, toLeafAt: node)
        } else {
            let rows = try Tensor(uninitialized: record.shape.prepending(tasks), on: device)
            try gradient.writeRows(to: rows.storage, stride: record.shape.count, accumulate: false)
            walk.pending[node].append(Cotangent(tasks: taskNumbers, value: rows))
        }
    }
}

/// The state of one walk over a tape, from the losses to the leaves.
final class ReverseWalk {
    let tape: Tape
    /// Cotangents per node that were not used yet.
    var pending: [[Cotangent]]
    var leaves: [Int: LeafGradient] = [:]

    init(tape: Tape) {
        self.tape = tape
        pending = Array(repeating: [], count: tape.records.count)
    }

    func add(_ gradient: some ParameterGradient, tasks: [Int], toLeafAt node: Int) {
        leaves[tape.records[node].leaf, default: LeafGradient()].contributions.append(
            LeafGradient.Contribution(tasks: tasks, gradient: gradient))
    }
}

extension Tape {
    /// Walks the tape backwards from several losses at once.
    ///
    /// Where heads meet the trunk their cotangents are stacked along a task axis, and from there on every derivative is
    /// computed for all tasks together. The walk empties the tape and frees every activation as soon as it was used.
    ///
    /// - Returns: for every watched leaf that a loss depends on, its number and its gradients.
    public func backward(from seeds: [Seed]) throws(ComputeError) -> [Int: LeafGradient] {
        defer { clear() }
        let walk = ReverseWalk(tape: self)
        guard let device = seeds.first?.loss.device else { return [:] }
        let weights = try Tensor(seeds.map(\.weight), shape: [seeds.count], on: device)
        for (index, seed) in seeds.enumerated() {
            precondition(seed.loss.count == 1, "a reverse walk starts from scalars, not from \(seed.loss.shape)")
            guard let trace = seed.loss.trace else { continue }
            precondition(trace.tape === self && trace.node < records.count, "the loss is not on this tape")
            let value = Tensor(viewing: weights.storage.advanced(by: index), shape: seed.loss.shape.prepending(1))
            if records[trace.node].operation == nil {
                walk.add(DenseGradient(rows: value), tasks: [seed.task], toLeafAt: trace.node)
            } else {
                walk.pending[trace.node].append(Cotangent(tasks: [seed.task], value: value))
            }
        }
        while !records.isEmpty {
            let arrived = walk.pending.removeLast()
            let record = removeLast()
            guard let operation = record.operation, !arrived.isEmpty else { continue }
            let cotangent = try Cotangent.sum(arrived)
            try operation.backward(
                cotangent.value, into: ReverseStep(taskNumbers: cotangent.tasks, inputs: record.inputs, walk: walk))
        }
        return walk.leaves
    }
}

extension Cotangent {
    /// The sum over all contributions, stacked over the union of their tasks.
    static func sum(_ parts: [Cotangent]) throws(ComputeError) -> Cotangent {
        if parts.count == 1 { return parts[0] }
        let device = parts[0].value.device
        let tasks = Set(parts.flatMap(\.tasks)).sorted()
        let block = parts[0].value.count / parts[0].tasks.count
        let total = try Tensor(uninitialized: Shape([tasks.count] + parts[0].value.shape.dropFirst()), on: device)
        var written = Set<Int>()
        for part in parts {
            // Runs of tasks that are neighbours in both stacks and new in the total alike move in one copy.
            var first = 0
            while first < part.tasks.count {
                let isNew = !written.contains(part.tasks[first])
                let row = tasks.firstIndex(of: part.tasks[first]) ?? 0
                var end = first + 1
                while end < part.tasks.count, tasks[row + end - first] == part.tasks[end],
                    written.contains(part.tasks[end]) != isNew
                {
                    end += 1
                }
                try device.encode(
                    .stridedCopy(
                        StridedCopy(
                            extents: [(end - first) * block], sourceStrides: [1], destinationStrides: [1],
                            accumulates: !isNew)),
                    [part.value.storage.advanced(by: first * block), total.storage.advanced(by: row * block)])
                first = end
            }
            written.formUnion(part.tasks)
        }
        return Cotangent(tasks: tasks, value: total)
    }
}
