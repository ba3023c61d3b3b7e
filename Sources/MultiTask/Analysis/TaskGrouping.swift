/// Which tasks to train together.
///
/// A task that shares its group is worth the mean of its cosines with the others in it, a task alone 0. The grouping is the
/// partition of the tasks with the highest mean over the tasks: a task joins others only if their gradients agree with its
/// own, and leaves a group that it would dilute.
///
/// Fifty et al., "Efficiently Identifying Task Groupings for Multi-Task Learning", NeurIPS 2021, likewise value a task in a
/// group by the mean affinity of the others to it, and search all groupings. Their affinity is how much a step on one task
/// lowers the loss of another, which needs passes of its own, and their groups may overlap within a budget. Here the
/// affinity is the cosine of the gradients, which training has measured anyway; it is symmetric, and every task is in one
/// group. It is a hint from one run, as whether tasks help each other also depends on the network and the data (Standley
/// et al., "Which Tasks Should Be Learned Together in Multi-task Learning?", ICML 2020).
public struct TaskGrouping: Hashable, Sendable {
    /// Ascending numbers of tasks; groups in the order of their first task.
    public let groups: [[Int]]
    /// The mean over the tasks.
    public let score: Double
    /// Whether all partitions were compared.
    public let isExact: Bool

    /// Up to so many tasks all partitions are compared: 115,975 for ten tasks.
    public static let exactLimit = 10

    /// Finds the best partition: by comparing all up to ``exactLimit`` tasks; with more, by joining the two groups that
    /// raise the score most until every two would lower it.
    ///
    /// - Parameter affinity: the cosines between the tasks' gradients; the diagonal does not matter. Of equal partitions
    ///   the one with the larger first groups wins.
    public init(for affinity: SquareMatrix) {
        isExact = affinity.size <= TaskGrouping.exactLimit
        groups =
            isExact ? TaskGrouping.bestPartition(affinity) : TaskGrouping.joinedGroups(affinity)
        score = TaskGrouping.score(of: groups, affinity)
    }

    /// The value of any partition.
    public static func score(of groups: [[Int]], _ affinity: SquareMatrix) -> Double {
        groups.reduce(0) { $0 + value(of: $1, affinity) } / Double(max(affinity.size, 1))
    }

    /// The sum over the tasks of a group.
    private static func value(of group: [Int], _ affinity: SquareMatrix) -> Double {
        if group.count < 2 { return 0 }
        var sum = 0.0
        for (position, first) in group.enumerated() {
            for second in group[..<position] { sum += affinity[first, second] + affinity[second, first] }
        }
        return sum / Double(group.count - 1)
    }

    /// Differences below are rounding.
    private static let tolerance = 1e-12

    private static func bestPartition(_ affinity: SquareMatrix) -> [[Int]] {
        var best: (groups: [[Int]], value: Double) = ([], -.infinity)
        var groups: [[Int]] = []
        func place(_ task: Int) {
            if task == affinity.size {
                let value = groups.reduce(0) { $0 + self.value(of: $1, affinity) }
                if value > best.value + tolerance { best = (groups, value) }
                return
            }
            for group in groups.indices {
                groups[group].append(task)
                place(task + 1)
                groups[group].removeLast()
            }
            groups.append([task])
            place(task + 1)
            groups.removeLast()
        }
        place(0)
        return best.groups
    }

    private static func joinedGroups(_ affinity: SquareMatrix) -> [[Int]] {
        var groups = (0..<affinity.size).map { [$0] }
        while true {
            var best: (first: Int, second: Int, gain: Double)?
            for second in groups.indices {
                for first in 0..<second {
                    let gain =
                        value(of: groups[first] + groups[second], affinity) - value(of: groups[first], affinity)
                        - value(of: groups[second], affinity)
                    // Groups that gain nothing are joined, too: what agrees as well together belongs together.
                    if gain > best.map({ $0.gain + tolerance }) ?? -tolerance { best = (first, second, gain) }
                }
            }
            guard let best else { return groups }
            groups[best.first] = (groups[best.first] + groups[best.second]).sorted()
            groups.remove(at: best.second)
        }
    }
}
