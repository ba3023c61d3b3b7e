/// Weights on the simplex that a method keeps per task, 1/K each before the first step.
struct TaskShares: Codable, Sendable {
    /// By number of the task.
    private var shares: [Double] = []

    /// The shares of the tasks that take part, scaled to sum to 1.
    mutating func of(_ step: StepContext) -> [Double] {
        if shares.count != step.taskCount {
            shares = Array(repeating: 1 / Double(step.taskCount), count: step.taskCount)
        }
        let present = step.tasks.map { shares[$0] }
        let sum = present.reduce(0, +)
        if present.count == step.taskCount { return present }
        return sum > 0 ? present.map { $0 / sum } : present.map { _ in 1 / Double(present.count) }
    }

    /// Takes over new shares, which together weigh what the old ones of the same tasks did.
    mutating func set(_ new: [Double], in step: StepContext) {
        let sum = new.count == step.taskCount ? 1 : step.tasks.reduce(0) { $0 + shares[$1] }
        for (row, task) in step.tasks.enumerated() { shares[task] = new[row] * sum }
    }
}
