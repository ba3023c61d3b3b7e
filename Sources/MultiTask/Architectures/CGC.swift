import Networks

/// Customized gate control: a mixture of experts in which a task also has experts of its own.
///
/// ``MMoE`` with gates over the task's own experts, then the common ones; other tasks' experts stay out of its way.
///
/// Parameters: `experts.E`, `tasks.TASK.experts.E`, `tasks.TASK.gate`, `heads.TASK`. Shared are the common experts.
///
/// Source: Tang, Liu, Zhao, Gong, "Progressive Layered Extraction (PLE)", RecSys 2020, section 4.1.
public struct CGC: Hashable, Sendable {
    /// Number of experts of all tasks.
    public var experts: Int
    /// Number of experts that each task has for itself.
    public var taskExperts: Int

    /// - Precondition: at least one common expert.
    public init(experts: Int = 2, taskExperts: Int = 1) {
        precondition(experts > 0 && taskExperts >= 0, "CGC: \(experts) common experts, \(taskExperts) of each task")
        self.experts = experts
        self.taskExperts = taskExperts
    }
}

extension GatedExperts {
    init(_ options: CGC, _ parts: NetworkParts) throws {
        try self.init(parts, experts: options.experts, taskExperts: options.taskExperts) { scope, _, inputs, experts in
            SoftmaxGate(scope, inputs: inputs, experts: experts)
        }
    }
}
