import Compute
import Datasets
import Networks
import Optimizers
import Tensors

/// A training problem of fixed architecture on synthetic data, for comparing the speed of training steps.
///
/// | name | trunk | heads | loss | batch |
/// |---|---|---|---|---|
/// | `lenet` | ``LeNet`` on 36×36×1 | two, 50–50–10 | cross-entropy | 256 |
/// | `mlp-20` | 128–512–512, ReLU | 20 linear, 1 output | squared error | 256 |
/// | `mlp-wide` | 256–1024–1024–1024, ReLU | 8 linear, 1 output | squared error | 16 |
/// | `resnet18` | ``ResNet18`` on 64×64×3 | 8 linear, 5 classes | cross-entropy | 32 |
/// | `minilm` | ``BERTEncoder``, MiniLM-L6, on 32 tokens | 3 linear, 1 output | squared error | 32 |
/// | `efficientnet-lite0` | ``EfficientNetLite`` on 224×224×3 | 2 linear, 10 classes | cross-entropy | 32 |
///
/// All are trained with Adam at a learning rate of 1e-3.
public enum StandardWorkload: String, Hashable, Sendable, CaseIterable {
    case lenet
    case mlp20 = "mlp-20"
    case mlpWide = "mlp-wide"
    case resnet18
    case minilm
    case efficientNetLite0 = "efficientnet-lite0"

    /// The batch size that results are compared at.
    public var standardBatch: Int {
        switch self {
        case .lenet, .mlp20: 256
        case .mlpWide: 16
        case .resnet18, .minilm, .efficientNetLite0: 32
        }
    }

    private var sampleShape: Shape {
        switch self {
        case .lenet: [36, 36, 1]
        case .mlp20: [128]
        case .mlpWide: [256]
        case .resnet18: [64, 64, 3]
        case .minilm: [32]
        case .efficientNetLite0: [224, 224, 3]
        }
    }

    /// The number of tasks that results are compared at.
    public var standardTasks: Int {
        switch self {
        case .lenet, .efficientNetLite0: 2
        case .mlp20: 20
        case .mlpWide, .resnet18: 8
        case .minilm: 3
        }
    }

    /// Number of classes; nil for tasks with one real number.
    private var classes: Int? {
        switch self {
        case .lenet, .efficientNetLite0: 10
        case .mlp20, .mlpWide, .minilm: nil
        case .resnet18: 5
        }
    }

    private var hiddenHeadUnits: [Int] {
        switch self {
        case .lenet: [50]
        case .mlp20, .mlpWide, .resnet18, .minilm, .efficientNetLite0: []
        }
    }

    private func trunk(in scope: ParameterScope) -> any Trunk {
        switch self {
        case .lenet: LeNet(scope)
        case .mlp20: MLP(scope, inputs: 128, hidden: [512, 512])
        case .mlpWide: MLP(scope, inputs: 256, hidden: [1024, 1024, 1024])
        case .resnet18: ResNet18(scope)
        case .minilm: BERTEncoder(scope)
        case .efficientNetLite0: EfficientNetLite(scope)
        }
    }

    /// Builds the network, its optimizer and one batch on a device.
    ///
    /// - Parameters:
    ///   - batch: samples per step; nil takes ``standardBatch``.
    ///   - tasks: heads on the trunk; nil takes ``standardTasks``.
    ///   - seed: of the initial parameters and the data.
    public func prepare(
        on device: any Device, method: Method, batch: Int? = nil, tasks: Int? = nil, seed: UInt64 = 0
    ) throws -> PreparedWorkload {
        let scope = ParameterScope()
        let trunk = trunk(in: scope["trunk"])
        let names = (0..<(tasks ?? standardTasks)).map { "task\($0)" }
        let heads = names.map { name in
            MLP(
                scope["heads"][name], inputs: trunk.featureCount, hidden: hiddenHeadUnits, outputs: classes ?? 1)
        }
        let learningTasks = names.map { LearningTask($0, loss: classes == nil ? .squaredError : .crossEntropy()) }
        let arena = try ParameterArena(scope, seed: seed, on: device)
        let step = try TrainingStep(
            network: HardSharing(trunk: trunk, heads: heads), tasks: learningTasks, arena: arena,
            optimizer: try Optimizer(Adam(), for: arena), method: method, seed: seed)
        let samples = syntheticBatch(of: batch ?? standardBatch, tasks: names, seed: seed)
        return PreparedWorkload(step: step, batch: try DeviceBatch(samples, tasks: learningTasks, on: device))
    }

    /// Uniform inputs in [0, 1) or texts of random tokens, random labels, and uniform real targets.
    private func syntheticBatch(of count: Int, tasks: [String], seed: UInt64) -> Batch {
        var inputs = Philox(seed: seed, stream: "workload.inputs")
        var labels = Philox(seed: seed, stream: "workload.targets")
        let shape = sampleShape.prepending(count)
        var targets: [String: HostTensor] = [:]
        for task in tasks {
            targets[task] =
                if let classes {
                    HostTensor((0..<count).map { _ in Int32(labels.integer(below: classes)) }, shape: [count])
                } else {
                    HostTensor((0..<count).map { _ in labels.uniform() }, shape: [count, 1])
                }
        }
        let values =
            self == .minilm
            ? HostTensor(texts(of: count, length: shape[1], &inputs), shape: shape)
            : HostTensor((0..<shape.count).map { _ in inputs.uniform() }, shape: shape)
        return Batch(inputs: values, targets: targets)
    }

    /// Texts of similar lengths, as in a batch that was sorted by length: at least half of the tokens of each count.
    private func texts(of count: Int, length: Int, _ generator: inout Philox) -> [Int32] {
        (0..<count).flatMap { text -> [Int32] in
            let own = text == 0 ? length : length / 2 + generator.integer(below: length / 2 + 1)
            return (0..<length).map { $0 < own ? Int32(1000 + generator.integer(below: 29_000)) : 0 }
        }
    }
}

/// A workload that is ready to take steps on its batch.
public final class PreparedWorkload {
    public let step: TrainingStep
    public let batch: DeviceBatch
    private var stepsTaken = 0

    init(step: TrainingStep, batch: DeviceBatch) {
        self.step = step
        self.batch = batch
    }

    /// Forward, backward, weighting and update, until the device is done.
    @discardableResult
    public func takeStep() throws -> StepOutcome {
        stepsTaken += 1
        let outcome = try step(batch, step: stepsTaken, learningRate: 1e-3)
        try step.arena.device.synchronize()
        return outcome
    }

    /// The predictions for the batch, as after training, until the device is done.
    public func predict() throws {
        _ = try step.network.predictions(for: batch.inputs, in: ForwardContext(step.arena, mode: .evaluation))
        try step.arena.device.synchronize()
    }
}

extension Philox {
    /// A uniform number in [0, 1).
    fileprivate mutating func uniform() -> Float {
        let word: UInt64 = next()
        return Philox.uniform(UInt32(truncatingIfNeeded: word))
    }
}
