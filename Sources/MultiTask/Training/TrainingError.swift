/// What stops a training run.
public enum TrainingError: Error, Equatable, Sendable {
    case noTasks
    /// The data have targets for none of these tasks.
    case missingTargets(task: [String], known: [String])
    /// No training sample has a label for the task.
    case noLabels(task: String, samples: Int)
    /// A task's target has another form than its loss and head expect.
    case incompatibleTarget(task: String, found: String, expected: String)
    /// A loss or a gradient is infinite or not a number. Nothing was updated.
    case notFinite(quantity: String, task: String, step: Int, value: Double)
    /// The parameters have become infinite or not a number in a step whose losses were fine. They are not saved.
    case parametersNotFinite(step: Int)
    /// A setting is outside what makes sense.
    case invalidSetting(name: String, found: String, expected: String)
    /// The folder for the results cannot be used.
    case unusableOutput(path: String, reason: String)
    /// The training state belongs to another run.
    case incompatibleState(path: String, found: String, expected: String)
}

extension TrainingError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noTasks: "there is no task to learn; add at least one to \"tasks\""
        case .missingTargets(let tasks, let known):
            "the data have no targets for \(tasks.map { "\"\($0)\"" }.joined(separator: ", ")); "
                + "they have: \(known.isEmpty ? "none" : known.joined(separator: ", "))"
        case .noLabels(let task, let samples):
            "task \"\(task)\": none of the \(samples) training samples has a label; check the labels and masks of its "
                + "data, or leave the task out"
        case .incompatibleTarget(let task, let found, let expected):
            "task \"\(task)\": the data have \(found), the loss expects \(expected)"
        case .notFinite(let quantity, let task, let step, let value):
            "step \(step): the \(quantity) of task \"\(task)\" is \(value). The parameters are those of the step before; "
                + "try a lower learning rate or clipping"
        case .parametersNotFinite(let step):
            "step \(step): the parameters are no longer finite, and are not saved; try a lower learning rate or clipping"
        case .invalidSetting(let name, let found, let expected): "\(name) is \(found), expected \(expected)"
        case .unusableOutput(let path, let reason): "\(path): cannot write results there: \(reason)"
        case .incompatibleState(let path, let found, let expected):
            "\(path): the training state is of \(found), this run has \(expected)"
        }
    }
}
