import Concord

/// From the Gramian of task gradients to the weights, for every method that needs it.
func weightingBenchmarks() throws -> [HostBenchmark] {
    var benchmarks: [HostBenchmark] = []
    for name in Method.names {
        guard case .gramian(let initial) = try Method(named: name, seed: 0).kind else { continue }
        for tasks in [3, 8, 40] {
            let gramian = conflictingGramian(of: tasks)
            let losses = [Double](repeating: 1, count: tasks)
            var weighting = initial
            benchmarks.append(
                HostBenchmark(operation: "weights \(name)", shape: "\(tasks) tasks") {
                    _ = try weighting.weights(for: gramian, in: StepContext(taskCount: tasks, losses: losses))
                })
        }
    }
    return benchmarks
}

/// The Gramian of random gradients, about half of whose pairs conflict.
private func conflictingGramian(of tasks: Int) -> SquareMatrix {
    var generator = Philox(seed: 1, stream: "benchmarks.gramian")
    let gradients = (0..<tasks).map { _ in
        (0..<4 * tasks).map { _ in
            let word: UInt64 = generator.next()
            return Double(word) * 0x1p-63 - 1
        }
    }
    return SquareMatrix(gramianOf: gradients)
}
