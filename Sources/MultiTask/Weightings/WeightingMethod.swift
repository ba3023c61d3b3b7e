import Foundation

/// What every method is: a value whose parameters and memory are part of the exact resume.
///
/// There are three kinds, by what they see of a step: ``LossWeighting``, ``GramianWeighting`` and ``JacobianAggregator``.
/// The kind is a type, so the engine knows from it what need not exist: a loss weighting costs one plain backward pass, and
/// a Gramian weighting cannot ask for the rows of J.
public protocol WeightingMethod: Codable, Sendable {
    /// The name in configurations and on the command line.
    static var name: String { get }
    /// Whether the formula adds the tasks up or averages them. The option `reduction` converts between the two.
    static var reduction: Reduction { get }

    /// Reads the parameters, which makes them known: what no method reads is refused.
    ///
    /// - Throws: ``WeightingError/badParameter(method:parameter:found:expected:)``
    init(_ parameters: inout MethodParameters) throws(WeightingError)

    /// Forgets what was seen in earlier steps; parameters stay.
    mutating func reset()

    /// Learns how an epoch went.
    ///
    /// - Parameter meanLosses: by number of the task; nil for tasks that never appeared.
    mutating func finishEpoch(meanLosses: [Double?])
}

extension WeightingMethod {
    public mutating func reset() {}
    public mutating func finishEpoch(meanLosses: [Double?]) {}

    /// What the method must remember from one step to the next.
    package func encodedState() throws -> Data { try JSONEncoder().encode(self) }

    /// Takes over what ``encodedState()`` of the same method has returned.
    package mutating func restore(_ state: Data) throws {
        self = try JSONDecoder().decode(Self.self, from: state)
    }
}

/// How the tasks' contributions become one direction.
public enum Reduction: String, Hashable, Codable, Sendable, CaseIterable { case sum, mean }

/// What a method knows about a step besides gradients.
public struct StepContext: Sendable {
    /// Ascending numbers of the tasks that take part: one for every loss, row of J and row of G.
    ///
    /// A task that is absent from a batch has no row. Methods with a memory keep it by these numbers.
    public var tasks: [Int]
    /// Number of tasks of the network, present or not.
    public var taskCount: Int
    /// The losses of the tasks that take part, multiplied by the tasks' priorities as the gradients are; nil where they
    /// are not known.
    public var losses: [Double]?
    /// The learning rate of the step, for methods that learn scalars beside the network.
    public var learningRate: Double
    /// For PCGrad and GradVac, per task that takes part, the order in which it visits the others; nil draws them.
    public var orders: [[Int]]?

    public init(
        tasks: [Int], taskCount: Int, losses: [Double]? = nil, learningRate: Double = 1e-3, orders: [[Int]]? = nil
    ) {
        self.tasks = tasks
        self.taskCount = taskCount
        self.losses = losses
        self.learningRate = learningRate
        self.orders = orders
    }

    /// A step in which all of `taskCount` tasks take part.
    public init(taskCount: Int, losses: [Double]? = nil) {
        self.init(tasks: Array(0..<taskCount), taskCount: taskCount, losses: losses)
    }

    /// The losses.
    ///
    /// - Throws: ``WeightingError/lossesMissing(method:)``
    func requireLosses(for method: String) throws(WeightingError) -> [Double] {
        guard let losses else { throw .lossesMissing(method: method) }
        return losses
    }

    /// The losses, all above zero.
    ///
    /// - Throws: ``WeightingError/lossesMissing(method:)`` or ``WeightingError/lossNotPositive(method:task:value:)``
    func requirePositiveLosses(for method: String) throws(WeightingError) -> [Double] {
        let losses = try requireLosses(for: method)
        for (row, loss) in losses.enumerated() where !(loss > 0) {
            throw .lossNotPositive(method: method, task: tasks[row], value: loss)
        }
        return losses
    }
}
