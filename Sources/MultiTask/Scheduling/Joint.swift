/// All tasks take part in every step.
public struct Joint: TaskSchedule {
    public static let name = "joint"

    public init() {}
    public init(_ parameters: inout ScheduleParameters) throws(ScheduleError) {}

    public func tasksPerStep(of count: Int) -> Int { count }
    public func tasks(in step: ScheduledStep) -> [Int] { step.tasks }
}
