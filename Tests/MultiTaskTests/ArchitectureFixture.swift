import Compute
import Datasets
import MultiTask
import Networks
import Optimizers
import Tensors
import Testing

/// A convolutional trunk without kinks, so that differences of its losses are derivatives: two stages of images with
/// batch normalisation, the second of two blocks, and global average pooling.
struct SmoothTrunk: Trunk {
    let stages: [TrunkStage]
    let readout: any Layer = GlobalAveragePool2D()
    let featureCount = 6

    init(_ scope: ParameterScope, channels: Int) {
        func block(_ scope: ParameterScope, from inputs: Int, to outputs: Int, stride: Int) -> Sequential {
            Sequential([
                Convolution2D(
                    scope["conv"], inputs: inputs, outputs: outputs,
                    window: Window2D(size: 3, stride: stride, padding: 1), bias: false),
                BatchNorm(scope["bn"], channels: outputs), ActivationLayer.tanh,
            ])
        }
        stages = [
            TrunkStage(block(scope["first"], from: channels, to: 4, stride: 1), channels: 4, yieldsImages: true),
            TrunkStage(
                block(scope["second"], from: 4, to: 6, stride: 2),
                [block(scope["third"], from: 6, to: 6, stride: 1)], channels: 6, yieldsImages: true),
        ]
    }

    func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        var features = input
        for stage in stages { features = try stage(features, in: context) }
        return try readout(features, in: context)
    }
}

/// A trunk that knows nothing of stages.
struct PlainTrunk: Trunk {
    let featureCount = 5
    private let layer: Linear

    init(_ scope: ParameterScope, inputs: Int) {
        layer = Linear(scope, inputs: inputs, outputs: 5, activation: .relu)
    }

    func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        try layer(input, in: context)
    }
}

/// A network of three tasks in some architecture over some trunk, with a batch.
struct ArchitectureFixture {
    enum TrunkKind: String, CaseIterable, Sendable {
        /// Two stages of vectors.
        case mlp
        /// Two stages of images, without kinks.
        case smooth
        /// One stage.
        case plain
        /// Two stages of images, one of vectors.
        case lenet
        /// Five stages of images with batch normalisation.
        case resnet18

        var sampleShape: Shape {
            switch self {
            case .mlp, .plain: [6]
            case .smooth: [6, 6, 2]
            case .lenet: [16, 16, 1]
            case .resnet18: [32, 32, 1]
            }
        }

        func make(_ scope: ParameterScope) -> any Trunk {
            switch self {
            case .mlp: MLP(scope, inputs: 6, hidden: [7, 5], activation: .tanh)
            case .smooth: SmoothTrunk(scope, channels: 2)
            case .plain: PlainTrunk(scope, inputs: 6)
            case .lenet: LeNet(scope, height: 16, width: 16)
            case .resnet18: ResNet18(scope, channels: 1, width: 2)
            }
        }
    }

    static let tasks = [
        LearningTask("color", loss: .crossEntropy()), LearningTask("size", loss: .squaredError, weight: 0.5),
        LearningTask("shape", loss: .crossEntropy(labelSmoothing: 0.1)),
    ]
    static let outputs = [3, 2, 4]
    static let samples = 5

    let tasks: [LearningTask]
    let arena: ParameterArena
    let network: any MultiTaskNetwork
    let batch: DeviceBatch

    /// - Parameter absent: a task of which the batch has no targets.
    init(
        _ architecture: Architecture, over trunk: TrunkKind, tasks count: Int = 3, absent: String? = nil,
        on device: any Device
    ) throws {
        tasks = Array(ArchitectureFixture.tasks.prefix(count))
        let scope = ParameterScope()
        let parts = NetworkParts(
            scope: scope, tasks: tasks.map(\.name), sampleShape: trunk.sampleShape, makeTrunk: trunk.make,
            makeHead: { MLP($0, inputs: $2, hidden: [], outputs: ArchitectureFixture.outputs[$1]) })
        network = try architecture.network(from: parts)
        arena = try ParameterArena(scope, seed: 3, on: device)
        let samples = ArchitectureFixture.samples
        let shape = trunk.sampleShape.prepending(samples)
        var host = Batch(
            inputs: HostTensor(ArchitectureFixture.uniform("inputs", count: shape.count), shape: shape),
            targets: [
                "color": HostTensor([Int32(0), 2, 1, 1, 0], shape: [samples]),
                "size": HostTensor(ArchitectureFixture.uniform("sizes", count: 2 * samples), shape: [samples, 2]),
                "shape": HostTensor([Int32(3), 0, 1, 2, 3], shape: [samples]),
            ])
        if let absent { host.targets[absent] = nil }
        batch = try DeviceBatch(host, tasks: tasks, on: device)
    }

    /// Numbers in -1..<1 that belong to a name.
    static func uniform(_ name: String, count: Int) -> [Float] {
        var generator = Philox(seed: 21, stream: name)
        return (0..<count).map { _ in Float(generator.integer(below: 2001)) / 1000 - 1 }
    }

    /// Gives all parameters values that have nothing to do with how they start, so that nothing cancels by symmetry.
    func scatter() throws {
        for segment in arena.segments {
            try arena.view(of: segment, in: arena.values).overwrite(
                with: ArchitectureFixture.uniform(segment.name, count: segment.shape.count).map { 0.8 * $0 })
        }
    }

    func context(tape: Tape? = nil, step: Int = 7) -> ForwardContext {
        ForwardContext(arena, mode: .training, tape: tape, seed: 5, step: step)
    }

    /// By task: its loss, and what the architecture adds.
    func losses(tape: Tape? = nil) throws -> [[Tensor]] {
        let context = context(tape: tape)
        let predictions = try network.predictions(for: batch.inputs, in: context)
        return try tasks.indices.map { index in
            let targets = try #require(batch.targets[index])
            let loss = try tasks[index].loss(predictions[index], targets: targets, mask: nil)
            return [loss] + context.auxiliaryLosses.filter { $0.task == index }.map(\.loss)
        }
    }

    /// The gradients of all tasks from one walk.
    func stackedGradients() throws -> TaskGradients {
        let tape = Tape()
        let seeds = try losses(tape: tape).enumerated().flatMap { task, losses in losses.map { Seed($0, task: task) } }
        return try TaskGradients(walking: tape, from: seeds, of: arena, tasks: Array(tasks.indices))
    }

    /// The gradient of one task from a walk of its own, shaped like the arena.
    func gradient(of task: Int) throws -> [Double] {
        let tape = Tape()
        let seeds = try losses(tape: tape)[task].map { Seed($0, task: task) }
        let target = try Tensor.filled(with: 0, [arena.count], on: arena.device)
        var gradients = try TaskGradients(walking: tape, from: seeds, of: arena, tasks: [task])
        try gradients.write(weights: [1], to: target)
        return try target.floats().map(Double.init)
    }

    func trainingStep(_ method: String) throws -> TrainingStep {
        try TrainingStep(
            network: network, tasks: tasks, arena: arena, optimizer: try Optimizer(Adam(), for: arena),
            method: try Method(named: method, seed: 5), seed: 5)
    }
}
