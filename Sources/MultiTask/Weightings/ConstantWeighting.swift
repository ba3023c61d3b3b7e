/// The same weight for every task in every step. It needs no gradients, so a step is one plain backward pass.
public enum ConstantWeighting: String, Hashable, Sendable {
    /// 1 each: the sum of the losses, which multi-task papers call equal weighting (EW).
    case sum
    /// 1/K each.
    case mean

    /// The weights of `tasks` tasks.
    public func weights(tasks: Int) -> [Double] {
        Array(repeating: self == .sum ? 1 : 1 / Double(max(tasks, 1)), count: tasks)
    }
}
