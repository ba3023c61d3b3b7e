import Compute
import Networks
import Tensors

/// Progressive layered extraction: customized gate control at every stage of the trunk.
///
/// ```
/// stage l:  common experts on the common features s,  experts of task t on the task's features aₜ
///           aₜ ← mixture of task t's experts and the common ones, by task t's gate
///           s  ← mixture of all experts, by the common gate (not behind the last stage)
/// ŷₜ = headₜ(readout(aₜ))
/// ```
/// All features start as the input. A gate sees what goes into the stage where that is a vector, else the mean of what
/// it mixes, pooled over the image.
///
/// Parameters: `experts.E`, `tasks.TASK.experts.E` (whole trunks), `gates.STAGE` (common), `tasks.TASK.gates.STAGE`,
/// `heads.TASK`. Shared are the common experts and, below the last stage, everything, since the common gates mix the
/// tasks' experts into what all tasks see. Only gates and experts of the last stages remain a task's own.
///
/// Source: Tang, Liu, Zhao, Gong, "Progressive Layered Extraction (PLE)", RecSys 2020, section 4.2.
public struct PLE: Hashable, Sendable {
    /// Number of experts of all tasks, at every stage.
    public var experts: Int
    /// Number of experts that each task has for itself, at every stage.
    public var taskExperts: Int

    /// - Precondition: at least one common expert.
    public init(experts: Int = 2, taskExperts: Int = 1) {
        precondition(experts > 0 && taskExperts >= 0, "PLE: \(experts) common experts, \(taskExperts) of each task")
        self.experts = experts
        self.taskExperts = taskExperts
    }
}

struct PLENetwork: MultiTaskNetwork {
    private let experts: [any Trunk]
    /// By task.
    private let taskExperts: [[any Trunk]]
    /// By stage.
    private let gateInputs: [GateInput]
    /// By stage, without the last.
    private let commonGates: [SoftmaxGate]
    /// By task and stage.
    private let taskGates: [[SoftmaxGate]]
    private let heads: [any Layer]

    init(_ options: PLE, _ parts: NetworkParts) throws {
        let experts = try parts.trunks(options.experts, in: parts.scope["experts"])
        let stages = experts[0].stages
        let gateInputs = stages.indices.map { stage in
            if stage == 0 { return GateInput(sampleShape: parts.sampleShape, channels: stages[0].channels) }
            let before = stages[stage - 1]
            return GateInput(inputs: before.yieldsImages ? nil : before.channels, channels: stages[stage].channels)
        }
        func gates(_ scope: ParameterScope, experts: Int, stages: Range<Int>) -> [SoftmaxGate] {
            stages.map { SoftmaxGate(scope[$0], inputs: gateInputs[$0].count, experts: experts) }
        }
        commonGates = gates(
            parts.scope["gates"], experts: options.experts + parts.tasks.count * options.taskExperts,
            stages: 0..<stages.count - 1)
        taskExperts = try parts.tasks.map { try parts.trunks(options.taskExperts, in: parts.scope(of: $0)["experts"]) }
        taskGates = parts.tasks.map {
            gates(
                parts.scope(of: $0)["gates"], experts: options.experts + options.taskExperts, stages: 0..<stages.count)
        }
        heads = try parts.heads(inputs: experts[0].featureCount)
        self.experts = experts
        self.gateInputs = gateInputs
    }

    var taskCount: Int { heads.count }

    func predictions(
        for input: Tensor, tasks: Set<Int>, in context: ForwardContext
    ) throws(ComputeError) -> [Tensor?] {
        var common = input
        var own = taskExperts.map { _ in input }
        for stage in gateInputs.indices {
            let isLast = stage == commonGates.count
            let commonFeatures = try features(of: experts, stage, common, context)
            var allFeatures = commonFeatures
            // Before the last stage every task's experts have a share in what is common.
            for task in taskExperts.indices where !isLast || tasks.contains(task) {
                let taskFeatures = try features(of: taskExperts[task], stage, own[task], context)
                own[task] = try mixture(
                    of: taskFeatures + commonFeatures, by: taskGates[task][stage], stage, input: own[task], context)
                allFeatures += taskFeatures
            }
            if !isLast {
                common = try mixture(of: allFeatures, by: commonGates[stage], stage, input: common, context)
            }
        }
        var read: [Tensor?] = []
        for (task, features) in own.enumerated() {
            read.append(tasks.contains(task) ? try experts[0].readout(features, in: context) : nil)
        }
        return try heads.predictions(from: read, in: context)
    }

    private func features(
        of experts: [any Trunk], _ stage: Int, _ input: Tensor, _ context: ForwardContext
    ) throws(ComputeError) -> [Tensor] {
        var features: [Tensor] = []
        for expert in experts { features.append(try expert.stages[stage](input, in: context)) }
        return features
    }

    private func mixture(
        of features: [Tensor], by gate: SoftmaxGate, _ stage: Int, input: Tensor, _ context: ForwardContext
    ) throws(ComputeError) -> Tensor {
        let weights = try gate(try gateInputs[stage](input: input, features: features), in: context)
        return try Tensor.mixture(of: features, weights: weights)
    }
}
