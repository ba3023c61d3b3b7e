/// Tasks are drawn with `pᵢ ∝ nᵢ^(1/T)` for `nᵢ` labelled training samples: in proportion to the size of their data at
/// T = 1, all alike as T grows.
///
/// Parameters: `temperature` T, 2 by default; `tasksPerStep`, how many different tasks a step holds, 1 by default.
///
/// Source: Arivazhagan et al., "Massively Multilingual Neural Machine Translation in the Wild", arXiv:1907.05019.
public struct TemperatureSampling: TaskSchedule {
    public static let name = "temperature"
    public static let needsLabelledSamples = true
    public let temperature: Double
    public let tasksPerStep: Int

    public init(_ parameters: inout ScheduleParameters) throws(ScheduleError) {
        temperature = try parameters.number("temperature", default: 2, "a number above 0") { $0 > 0 }
        tasksPerStep = try parameters.tasksPerStep()
    }

    public func tasksPerStep(of count: Int) -> Int { min(tasksPerStep, count) }
    public func tasks(in step: ScheduledStep) -> [Int] { step.drawTasks(tasksPerStep, exponent: 1 / temperature) }
}
