/// A method that needs the rows of J themselves: it works elementwise, or keeps averages of rows.
///
/// It is written once, on ``GradientRows``, and runs on the host in Float64 as well as on a device in Float32.
public protocol JacobianAggregator: WeightingMethod {
    /// Whether there is a weight per task. Methods that choose element by element have none.
    static var yieldsWeights: Bool { get }

    /// - Parameters:
    ///   - rows: the gradients of the tasks that take part, K × n.
    ///   - memory: the rows that the method keeps from step to step. Whoever calls keeps it, because rows live on a device
    ///     and go into checkpoints as tensors.
    mutating func aggregate<Rows: GradientRows>(
        _ rows: Rows, memory: inout RowMemory<Rows>, in step: StepContext
    ) throws -> Aggregate<Rows>
}

extension JacobianAggregator {
    public static var yieldsWeights: Bool { true }
}

/// What an aggregator has made of the rows of J.
public struct Aggregate<Rows: GradientRows> {
    /// The update direction, one row.
    public var direction: Rows
    /// A weight per task that takes part; nil for methods whose weights differ from element to element.
    public var weights: [Double]?

    public init(direction: Rows, weights: [Double]?) {
        self.direction = direction
        self.weights = weights
    }
}

/// Rows that a method keeps from step to step, by name: one row per task of the network.
public struct RowMemory<Rows: GradientRows> {
    private var rows: [String: Rows] = [:]

    public init() {}

    /// What is kept.
    public var all: [String: Rows] { rows }

    public subscript(_ name: String) -> Rows? {
        get { rows[name] }
        set { rows[name] = newValue }
    }
}

extension RowMemory: Sendable where Rows: Sendable {}
