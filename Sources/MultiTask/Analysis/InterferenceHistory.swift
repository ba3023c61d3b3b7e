/// How the gradients of a run's tasks got along, from epoch to epoch.
public struct InterferenceHistory: Hashable, Sendable {
    public let tasks: [String]
    /// Numbers of the epochs that have a balance, from 1.
    public let epochs: [Int]
    /// One per epoch.
    public let balances: [Balance]

    /// - Throws: ``InterferenceError``
    public init(of log: [LoggedEpoch]) throws(InterferenceError) {
        if log.isEmpty { throw .noEpochs }
        let seen = log.filter { $0.balance != nil }
        balances = seen.compactMap(\.balance)
        guard let first = balances.first else { throw .noGradients }
        guard first.tasks.count > 1 else { throw .tooFewTasks(first.tasks) }
        if let other = balances.first(where: { $0.tasks != first.tasks }) {
            throw .otherTasks(found: other.tasks, expected: first.tasks)
        }
        tasks = first.tasks
        epochs = seen.map(\.epoch)
    }

    /// The mean over the epochs of the cosines of every pair; nil for pairs that never met.
    public var meanCosine: [[Double?]] {
        tasks.indices.map { first in
            tasks.indices.map { second in
                SampleStatistics(balances.compactMap { $0.cosine[first][second] })?.mean
            }
        }
    }

    /// The grouping that the mean cosines suggest; pairs that never met count as indifferent.
    public var grouping: TaskGrouping {
        TaskGrouping(for: affinity)
    }

    /// The mean cosines; 0 for pairs that never met.
    public var affinity: SquareMatrix { SquareMatrix(meanCosine.map { $0.map { $0 ?? 0 } }) }

    /// All pairs of different tasks, the most conflicting first.
    public var pairs: [(first: Int, second: Int)] {
        let mean = meanCosine
        let all = tasks.indices.flatMap { second in (0..<second).map { (first: $0, second: second) } }
        return all.sorted { one, other in
            let (a, b) = (mean[one.first][one.second] ?? 0, mean[other.first][other.second] ?? 0)
            return a != b ? a < b : (one.first, one.second) < (other.first, other.second)
        }
    }
}

/// Why a log says nothing about interference.
public enum InterferenceError: Error, Hashable, Sendable {
    case noEpochs
    /// The method never looks at gradients.
    case noGradients
    case tooFewTasks([String])
    case otherTasks(found: [String], expected: [String])
}

extension InterferenceError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noEpochs: "no epoch is complete yet"
        case .noGradients:
            "the run's method looks at no gradients, so there are no cosines; train with one that does: "
                + Method.namesOfGradientMethods.joined(separator: ", ")
        case .tooFewTasks(let tasks):
            "the run has \(tasks.count == 1 ? "only the task \"\(tasks[0])\"" : "no task"); interference takes two"
        case .otherTasks(let found, let expected):
            "the tasks change from \(expected.joined(separator: ", ")) to \(found.joined(separator: ", "))"
        }
    }
}
