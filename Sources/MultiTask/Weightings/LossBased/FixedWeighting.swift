/// Weights that are given and never change.
///
/// Parameter: `weights`, one per task of the network; all 1 if none are given.
public struct FixedWeighting: LossWeighting {
    public static let name = "fixed"
    public static let reduction = Reduction.sum

    public var values: [Double]

    /// - Parameter weights: by number of the task.
    public init(weights: [Double]) { values = weights }

    public init(_ parameters: inout MethodParameters) throws(WeightingError) {
        values = try parameters.weights("weights")
    }

    public func weights(in step: StepContext) throws(WeightingError) -> [Double] {
        if values.isEmpty { return Array(repeating: 1, count: step.tasks.count) }
        guard values.count == step.taskCount else {
            throw .badTaskCount(method: FixedWeighting.name, found: step.taskCount, expected: "\(values.count)")
        }
        return step.tasks.map { values[$0] }
    }
}
