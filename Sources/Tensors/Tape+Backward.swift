import Compute

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

        public init(tasks: [Int], gradient: any ParameterGradient) {
            self.tasks = tasks
            self.gradient = gradient
        }
    }

    public internal(set) var contributions: [Contribution]

    public init(_ contributions: [Contribution] = []) { self.contributions = contributions }

    /// Ascending numbers of the tasks whose loss depends on the leaf. A leaf is *shared* if there are several.
    public var tasks: [Int] { Set(contributions.flatMap(\.tasks)).sorted() }
}

extension Tape {
    /// Walks the tape backwards from several losses at once.
    ///
    /// Where heads meet the trunk their cotangents are stacked along a task axis, and from there on every derivative is
    /// computed for all tasks together. The walk empties the tape and frees every activation as soon as it was used.
    ///
    /// - Returns: for every watched leaf that a loss depends on, its number and its gradients.
    public func backward(from seeds: [Seed]) throws(ComputeError) -> [Int: LeafGradient] {
        var leaves: [Int: LeafGradient] = [:]
        try backward(from: seeds) { (leaf, gradient) in leaves[leaf] = gradient }
        return leaves
    }

    /// Walks the tape backwards and hands over every leaf as soon as all of its gradients have arrived, so that what they
    /// hold can be freed early.
    ///
    /// - Parameter receive: gets the number and the gradients of every watched leaf that a loss depends on.
    public func backward(
        from seeds: [Seed], _ receive: (_ leaf: Int, _ gradient: LeafGradient) throws(ComputeError) -> Void
    ) throws(ComputeError) {
        defer { clear() }
        let walk = ReverseWalk(tape: self, seeds: seeds)
        try walk.start(from: seeds)
        for node in records.indices.reversed() { try walk.visit(node, receive) }
    }

    /// Walks the tape backwards in two stages: separately for every task down to what several tasks share, and from there
    /// on once, with the weighted sum of their cotangents. That costs about as much as one plain walk.
    ///
    /// - Parameters:
    ///   - weigh: gets the cotangents of the shared features, the tensors where the tasks' own parts of the network meet,
    ///     and returns the weights by number of the task.
    ///   - receive: gets the number and the gradients of every watched leaf that a loss depends on, and whether they are
    ///     the weighted sum of several tasks'. Those have a single task.
    public func backward(
        from seeds: [Seed], weighingFeatures weigh: (_ features: [Cotangent]) throws -> [Int: Double],
        _ receive: (_ leaf: Int, _ gradient: LeafGradient, _ isWeighted: Bool) throws(ComputeError) -> Void
    ) throws {
        defer { clear() }
        let walk = ReverseWalk(tape: self, seeds: seeds)
        try walk.start(from: seeds)
        // Whatever uses something that only one task depends on is that task's own, too.
        for node in records.indices.reversed() where walk.dependents[node].count == 1 {
            try walk.visit(node) { (leaf, gradient) throws(ComputeError) in try receive(leaf, gradient, false) }
        }
        let waiting = try walk.takeWaiting()
        try walk.resume(with: waiting, weights: try weigh(waiting.map(\.cotangent)))
        for node in records.indices.reversed() where walk.dependents[node].count > 1 {
            try walk.visit(node) { (leaf, gradient) throws(ComputeError) in try receive(leaf, gradient, true) }
        }
    }

    /// Per record the ascending numbers of the tasks whose loss depends on it.
    func dependents(of seeds: [Seed]) -> [[Int]] {
        var dependents = [[Int]](repeating: [], count: records.count)
        for seed in seeds {
            if let trace = seed.loss.trace, trace.tape === self { dependents[trace.node].insert(inOrder: seed.task) }
        }
        for node in records.indices.reversed() where !dependents[node].isEmpty {
            for input in records[node].inputs where input >= 0 && dependents[input] != dependents[node] {
                if dependents[input].isEmpty {
                    dependents[input] = dependents[node]
                } else {
                    for task in dependents[node] { dependents[input].insert(inOrder: task) }
                }
            }
        }
        return dependents
    }
}

extension [Int] {
    /// Adds a number to an ascending list without repetitions.
    fileprivate mutating func insert(inOrder number: Int) {
        let position = firstIndex { $0 >= number } ?? count
        if position == count || self[position] != number { insert(number, at: position) }
    }
}
