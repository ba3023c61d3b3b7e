import Compute
import Networks
import Tensors

/// What a gate decides by: the vector that goes into the experts, or, where that is not a vector, the mean of the
/// features that come out of them, pooled over the image. A gate is never connected to single pixels.
struct GateInput {
    /// Whether the experts' input is a vector.
    let isVector: Bool
    /// Number of values that the gate sees.
    let count: Int

    /// - Parameters:
    ///   - inputs: elements of the experts' input if it is a vector, else nil.
    ///   - channels: of the features that come out of the experts.
    init(inputs: Int?, channels: Int) {
        isVector = inputs != nil
        count = inputs ?? channels
    }

    /// For experts that work on the samples themselves.
    init(sampleShape: Shape, channels: Int) {
        self.init(inputs: sampleShape.rank == 1 ? sampleShape[0] : nil, channels: channels)
    }

    func callAsFunction(input: Tensor, features: [Tensor]) throws(ComputeError) -> Tensor {
        isVector ? input : try Tensor.mean(of: features).pooled()
    }
}

/// Weights of experts per sample: `softmax(x·weight + bias)`.
struct SoftmaxGate: Layer {
    private let linear: Linear

    init(_ scope: ParameterScope, inputs: Int, experts: Int) {
        linear = Linear(scope, inputs: inputs, outputs: experts)
    }

    func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        try linear(input, in: context).softmax()
    }
}

/// Experts over the same input, whose features every task mixes by a gate of its own.
struct GatedExperts: MultiTaskNetwork {
    private let experts: [any Trunk]
    /// Experts of one task alone, by task; its gate sees them before the common ones.
    private let taskExperts: [[any Trunk]]
    private let gateInput: GateInput
    /// By task; gives weights `[samples, experts]`.
    private let gates: [any Layer]
    private let heads: [any Layer]

    /// - Parameters:
    ///   - experts: number of experts of all tasks, in the scope `experts`.
    ///   - taskExperts: number of experts that each task has for itself, in `tasks.TASK.experts`.
    ///   - makeGate: is given the scope `tasks.TASK.gate`, the task, and the number of inputs and experts.
    init(
        _ parts: NetworkParts, experts count: Int, taskExperts taskCount: Int = 0,
        makeGate: (_ scope: ParameterScope, _ task: Int, _ inputs: Int, _ experts: Int) -> any Layer
    ) throws {
        precondition(count > 0 && taskCount >= 0, "\(count) experts of all tasks, \(taskCount) of each")
        let experts = try parts.trunks(count, in: parts.scope["experts"])
        let features = experts[0].featureCount
        let gateInput = GateInput(sampleShape: parts.sampleShape, channels: features)
        taskExperts = try parts.tasks.map { try parts.trunks(taskCount, in: parts.scope(of: $0)["experts"]) }
        gates = parts.tasks.enumerated().map { task, name in
            makeGate(parts.scope(of: name)["gate"], task, gateInput.count, taskCount + count)
        }
        heads = try parts.heads(inputs: features)
        self.experts = experts
        self.gateInput = gateInput
    }

    var taskCount: Int { heads.count }

    func predictions(
        for input: Tensor, tasks: Set<Int>, in context: ForwardContext
    ) throws(ComputeError) -> [Tensor?] {
        let common = try features(of: experts, input, context)
        var mixed: [Tensor?] = []
        for task in heads.indices {
            guard tasks.contains(task) else {
                mixed.append(nil)
                continue
            }
            let candidates = try features(of: taskExperts[task], input, context) + common
            let weights = try gates[task](try gateInput(input: input, features: candidates), in: context)
            mixed.append(try Tensor.mixture(of: candidates, weights: weights))
        }
        return try heads.predictions(from: mixed, in: context)
    }

    private func features(
        of experts: [any Trunk], _ input: Tensor, _ context: ForwardContext
    ) throws(ComputeError) -> [Tensor] {
        var features: [Tensor] = []
        for expert in experts { features.append(try expert(input, in: context)) }
        return features
    }
}
