/// The mean of the losses of the tasks that take part: a weight of 1/K for every task.
public struct MeanWeighting: LossWeighting {
    public static let name = "mean"
    public static let reduction = Reduction.mean

    public init() {}
    public init(_ parameters: inout MethodParameters) throws(WeightingError) {}

    public func weights(in step: StepContext) -> [Double] {
        Array(repeating: 1 / Double(max(step.tasks.count, 1)), count: step.tasks.count)
    }
}
