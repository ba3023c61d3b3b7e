import Compute

/// Derivatives of several tasks' losses by one tensor: a block per task, stacked along the first axis.
public struct Cotangent {
    /// Ascending numbers of the tasks.
    public let tasks: [Int]
    /// `[tasks.count] + shape`
    public internal(set) var value: Tensor
}

/// A cotangent that several operations bring together, each for some of its tasks, as heads do on top of a trunk.
struct CotangentStack {
    var cotangent: Cotangent
    /// The tasks whose block was written.
    var written: Set<Int> = []
}

extension Cotangent {
    /// The sum over all contributions, stacked over the union of their tasks.
    ///
    /// - Parameter stack: takes the sum where there is one.
    static func sum(_ parts: [Cotangent], onto stack: CotangentStack?) throws(ComputeError) -> Cotangent {
        if parts.count == 1 && stack == nil { return parts[0] }
        let tasks = stack?.cotangent.tasks ?? Set(parts.flatMap(\.tasks)).sorted()
        let total: Tensor
        if let stack {
            total = stack.cotangent.value
        } else {
            let shape = parts[0].value.shape.dropFirst()
            total = try Tensor(uninitialized: Shape([tasks.count] + shape), on: parts[0].value.device)
        }
        let (device, block) = (total.device, total.count / tasks.count)
        var written = stack?.written ?? []
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
        // An operation may have no derivative where it depends on its input.
        for (row, task) in tasks.enumerated() where !written.contains(task) {
            try device.encode(.fill(Fill(count: block)), [total.storage.advanced(by: row * block)], scalars: [0])
        }
        return Cotangent(tasks: tasks, value: total)
    }
}
