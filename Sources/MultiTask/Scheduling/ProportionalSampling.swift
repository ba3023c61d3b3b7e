/// Tasks are drawn in proportion to the size of their data: `pᵢ = nᵢ / Σⱼ nⱼ` for `nᵢ` labelled training samples.
///
/// Parameter: `tasksPerStep`, how many different tasks a step holds, 1 by default.
///
/// Source: Sanh, Wolf, Ruder, "A Hierarchical Multi-Task Approach for Learning Embeddings from Semantic Tasks",
/// AAAI 2019.
public struct ProportionalSampling: TaskSchedule {
    public static let name = "proportional"
    public static let needsLabelledSamples = true
    public let tasksPerStep: Int

    public init(_ parameters: inout ScheduleParameters) throws(ScheduleError) {
        tasksPerStep = try parameters.tasksPerStep()
    }

    public func tasksPerStep(of count: Int) -> Int { min(tasksPerStep, count) }
    public func tasks(in step: ScheduledStep) -> [Int] { step.drawTasks(tasksPerStep, exponent: 1) }
}
