/// Tasks are drawn with `pᵢ ∝ nᵢ^α` for `nᵢ` labelled training samples, where α falls in a straight line from 1 in the
/// first epoch to `finalExponent` in the last: with its default of 0.2, `α = 1 - 0.8·(e - 1)/(E - 1)` in epoch e of E.
///
/// Parameters: `finalExponent`; `tasksPerStep`, how many different tasks a step holds, 1 by default.
///
/// Source: Stickland, Murray, "BERT and PALs: Projected Attention Layers for Efficient Adaptation in Multi-Task
/// Learning", ICML 2019, section 4.
public struct AnnealedSampling: TaskSchedule {
    public static let name = "annealed"
    public static let needsLabelledSamples = true
    public let finalExponent: Double
    public let tasksPerStep: Int

    public init(_ parameters: inout ScheduleParameters) throws(ScheduleError) {
        finalExponent = try parameters.number("finalExponent", default: 0.2, "a number from 0 to 1") {
            $0 >= 0 && $0 <= 1
        }
        tasksPerStep = try parameters.tasksPerStep()
    }

    /// α of an epoch, from 1.
    public func exponent(epoch: Int, of epochs: Int) -> Double {
        epochs > 1 ? 1 - (1 - finalExponent) * Double(epoch - 1) / Double(epochs - 1) : 1
    }

    public func tasksPerStep(of count: Int) -> Int { min(tasksPerStep, count) }

    public func tasks(in step: ScheduledStep) -> [Int] {
        step.drawTasks(tasksPerStep, exponent: exponent(epoch: step.epoch, of: step.epochs))
    }
}
