/// The sum of the losses: a weight of 1 for every task, which multi-task papers call equal weighting (EW).
public struct SumWeighting: LossWeighting {
    public static let name = "sum"
    public static let reduction = Reduction.sum

    public init() {}
    public init(_ parameters: inout MethodParameters) throws(WeightingError) {}

    public func weights(in step: StepContext) -> [Double] { Array(repeating: 1, count: step.tasks.count) }
}
