import Compute

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
    /// there is one of the same tasks that nobody else uses, or into the blocks of these tasks in the stack of all tasks
    /// that depend on the input, which spares a tensor and the addition.
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
        if let (blocks, isWritten) = try walk.blocks(of: taskNumbers, inStackAt: node, on: device) {
            return try write(blocks, isWritten)
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
    /// Stacks that arrived in part.
    private var stacks: [Int: CotangentStack] = [:]
    /// Per node the ascending numbers of the tasks whose loss depends on it.
    let dependents: [[Int]]
    /// Whether the cotangents of all tasks were added up to one.
    private var isWeighted = false
    var leaves: [Int: LeafGradient] = [:]

    init(tape: Tape, seeds: [Seed]) {
        self.tape = tape
        pending = Array(repeating: [], count: tape.records.count)
        dependents = tape.dependents(of: seeds)
    }

    /// Where the blocks of neighbouring tasks lie in the stack of all tasks that depend on a node, and whether they were
    /// written before. Nil where a stack has no use: no other tasks follow, or the tasks do not lie together in it.
    func blocks(
        of tasks: [Int], inStackAt node: Int, on device: any Device
    ) throws(ComputeError) -> (blocks: Operand, isWritten: Bool)? {
        let all = dependents[node]
        guard !isWeighted, tape.records[node].operation != nil, all.count > tasks.count, let row = all.firstIndex(of: tasks[0]),
            all[row...].starts(with: tasks)
        else { return nil }
        let shape = tape.records[node].shape
        var stack: CotangentStack
        if let known = stacks[node] {
            stack = known
        } else {
            let value = try Tensor(uninitialized: shape.prepending(all.count), on: device)
            stack = CotangentStack(cotangent: Cotangent(tasks: all, value: value))
        }
        let isWritten = stack.written.contains(tasks[0])
        guard tasks.allSatisfy({ stack.written.contains($0) == isWritten }) else { return nil }
        stack.written.formUnion(tasks)
        stacks[node] = stack
        return (stack.cotangent.value.storage.advanced(by: row * shape.count), isWritten)
    }

    /// Puts the losses' own cotangents in place.
    func start(from seeds: [Seed]) throws(ComputeError) {
        guard let device = seeds.first?.loss.device else { return }
        let weights = try Tensor(seeds.map(\.weight), shape: [seeds.count], on: device)
        for (index, seed) in seeds.enumerated() {
            precondition(seed.loss.count == 1, "a reverse walk starts from scalars, not from \(seed.loss.shape)")
            guard let trace = seed.loss.trace else { continue }
            precondition(trace.tape === tape && trace.node < pending.count, "the loss is not on this tape")
            let value = Tensor(viewing: weights.storage.advanced(by: index), shape: seed.loss.shape.prepending(1))
            if tape.records[trace.node].operation == nil {
                add(DenseGradient(rows: value), tasks: [seed.task], toLeafAt: trace.node)
            } else {
                pending[trace.node].append(Cotangent(tasks: [seed.task], value: value))
            }
        }
    }

    /// Does a node's part of the walk, and frees what its operation has saved.
    ///
    /// - Parameter receive: gets the gradients if the node is a leaf.
    func visit(
        _ node: Int, _ receive: (_ leaf: Int, _ gradient: LeafGradient) throws(ComputeError) -> Void
    ) throws(ComputeError) {
        let record = tape.take(node)
        if let operation = record.operation {
            guard let cotangent = try takeCotangent(at: node) else { return }
            try operation.backward(
                cotangent.value, into: ReverseStep(taskNumbers: cotangent.tasks, inputs: record.inputs, walk: self))
        } else if let gradient = leaves.removeValue(forKey: record.leaf) {
            try receive(record.leaf, gradient)
        }
    }

    /// The sum of everything that has arrived at a node; nil where nothing has.
    private func takeCotangent(at node: Int) throws(ComputeError) -> Cotangent? {
        let arrived = pending[node]
        pending[node] = []
        let stack = stacks.removeValue(forKey: node)
        if stack == nil && arrived.isEmpty { return nil }
        return try Cotangent.sum(arrived, onto: stack)
    }

    /// The cotangents that wait at nodes, by node.
    func takeWaiting() throws(ComputeError) -> [(node: Int, cotangent: Cotangent)] {
        var waiting: [(node: Int, cotangent: Cotangent)] = []
        for node in pending.indices {
            if let cotangent = try takeCotangent(at: node) { waiting.append((node, cotangent)) }
        }
        return waiting
    }

    /// Goes on with one weighted cotangent instead of one per task.
    func resume(
        with waiting: [(node: Int, cotangent: Cotangent)], weights: [Int: Double]
    ) throws(ComputeError) {
        isWeighted = true
        func factors(of tasks: [Int], on device: any Device) throws(ComputeError) -> Tensor {
            try Tensor(tasks.map { Float(weights[$0] ?? 0) }, shape: [tasks.count], on: device)
        }
        for (node, cotangent) in waiting {
            let sum = try cotangent.value.weightedRowSum(factors(of: cotangent.tasks, on: cotangent.value.device))
            pending[node] = [Cotangent(tasks: [ReverseWalk.weightedTask], value: sum)]
        }
        for (leaf, gradient) in leaves {
            var weighted = LeafGradient()
            for contribution in gradient.contributions {
                weighted.contributions.append(
                    LeafGradient.Contribution(
                        tasks: [ReverseWalk.weightedTask],
                        gradient: try contribution.gradient.weighted(
                            by: factors(of: contribution.tasks, on: contribution.gradient.device))))
            }
            leaves[leaf] = weighted
        }
    }

    /// What stands for all tasks once their cotangents were added up.
    private static let weightedTask = 0

    func add(_ gradient: some ParameterGradient, tasks: [Int], toLeafAt node: Int) {
        leaves[tape.records[node].leaf, default: LeafGradient()].contributions.append(
            LeafGradient.Contribution(tasks: tasks, gradient: gradient))
    }
}
