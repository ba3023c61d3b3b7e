import Compute
import Datasets
import Networks
import Optimizers
import Tensors

/// A batch on the device.
public struct DeviceBatch {
    public let inputs: Tensor
    /// In the order of the tasks; nil where a batch has nothing to say about a task.
    public let targets: [Tensor?]
    public let masks: [Tensor?]
    /// Number of samples.
    public let count: Int

    /// Copies a batch to a device.
    ///
    /// - Throws: ``TrainingError/missingTargets(task:known:)`` if no task of the model has targets.
    public init(_ batch: Batch, tasks: [LearningTask], on device: any Device) throws {
        count = batch.count
        inputs = try Tensor(batch.inputs, on: device)
        targets = try tasks.map { try batch.targets[$0.name].map { try Tensor($0, on: device) } }
        masks = try tasks.map { try batch.masks[$0.name].map { try Tensor($0, on: device) } }
        if targets.allSatisfy({ $0 == nil }) {
            throw TrainingError.missingTargets(task: tasks.map(\.name), known: batch.targets.keys.sorted())
        }
    }
}

extension Tensor {
    init(_ values: HostTensor, on device: any Device) throws(ComputeError) {
        switch values.storage {
        case .float(let floats): try self.init(floats, shape: values.shape, on: device)
        case .int(let integers): try self.init(integers, shape: values.shape, on: device)
        }
    }
}

/// What one training step has seen.
public struct StepOutcome: Sendable {
    /// Unweighted losses, in the order of the tasks; nil for tasks that were absent.
    public var losses: [Float?]
    /// The weights of the tasks that took part, for methods that compute them.
    public var weights: [Double?]
    /// Inner products of the gradients of the tasks that took part, for methods that need them.
    public var gramian: SquareMatrix?

    init(tasks: Int) {
        losses = Array(repeating: nil, count: tasks)
        weights = Array(repeating: nil, count: tasks)
    }
}

/// The heart of training: forward, one stacked backward, weighting, update.
public final class TrainingStep {
    public let network: any MultiTaskNetwork
    public let tasks: [LearningTask]
    public let arena: ParameterArena
    public let optimizer: Optimizer
    /// Largest global norm of the gradients; nil does not clip.
    public let clippingNorm: Float?
    /// Seed of dropout masks.
    public let seed: UInt64
    public internal(set) var method: Method
    private let gradients: Tensor

    public init(
        network: any MultiTaskNetwork, tasks: [LearningTask], arena: ParameterArena, optimizer: Optimizer,
        method: Method, clippingNorm: Float? = nil, seed: UInt64 = 0
    ) throws(ComputeError) {
        self.network = network
        self.tasks = tasks
        self.arena = arena
        self.optimizer = optimizer
        self.method = method
        self.clippingNorm = clippingNorm
        self.seed = seed
        gradients = try Tensor.filled(with: 0, [arena.count], on: arena.device)
    }

    /// Takes one step.
    ///
    /// - Parameter step: number of the step, which chooses its random numbers.
    /// - Throws: ``TrainingError/notFinite(quantity:task:step:value:)`` before any parameter has changed, and what the
    ///   device throws.
    public func callAsFunction(_ batch: DeviceBatch, step: Int, learningRate: Float) throws -> StepOutcome {
        let tape = Tape()
        let context = ForwardContext(arena, mode: .training, tape: tape, seed: seed, step: step)
        let predictions = try network.predictions(for: batch.inputs, in: context)
        var losses: TaskLosses = []
        for (index, task) in tasks.enumerated() {
            guard let targets = batch.targets[index] else { continue }
            losses.append((index, try task.loss(predictions[index], targets: targets, mask: batch.masks[index])))
        }
        var outcome = StepOutcome(tasks: tasks.count)
        let direction =
            switch method {
            case .constant(let weighting): try plain(losses, weighting, tape, step, into: &outcome)
            case .gramian(let weighting): try weighted(losses, weighting, tape, step, into: &outcome)
            }
        try optimizer.step(
            gradients: gradients, learningRate: learningRate, groups: direction.groups, clippingNorm: clippingNorm)
        return outcome
    }

    /// The losses of the tasks that a batch has targets for.
    private typealias TaskLosses = [(task: Int, loss: Tensor)]

    /// All losses as one: a plain backward pass.
    private func plain(
        _ losses: TaskLosses, _ weighting: ConstantWeighting, _ tape: Tape, _ step: Int, into outcome: inout StepOutcome
    ) throws -> TaskGradients {
        let weights = weighting.weights(tasks: losses.count)
        let seeds = zip(losses, weights).map { Seed($0.loss, task: 0, weight: tasks[$0.task].weight * Float($1)) }
        var direction = TaskGradients(try tape.backward(from: seeds), of: arena, tasks: [0])
        try readLosses(losses, step: step, into: &outcome)
        try direction.write(weights: [1], to: gradients)
        return direction
    }

    /// One cotangent per task, the Gramian of the gradients, and the method's weights.
    private func weighted(
        _ losses: TaskLosses, _ weighting: any GramianWeighting, _ tape: Tape, _ step: Int,
        into outcome: inout StepOutcome
    ) throws -> TaskGradients {
        let present = losses.map(\.task)
        let seeds = losses.map { Seed($0.loss, task: $0.task, weight: tasks[$0.task].weight) }
        var direction = TaskGradients(try tape.backward(from: seeds), of: arena, tasks: present)
        let gramian = try direction.gramian()
        try readLosses(losses, step: step, into: &outcome)
        for (position, task) in present.enumerated() where !gramian[position, position].isFinite {
            throw TrainingError.notFinite(
                quantity: "squared gradient norm", task: tasks[task].name, step: step, value: gramian[position, position])
        }
        var weighting = weighting
        let weights = try weighting.weights(for: gramian)
        method = .gramian(weighting)
        for (position, task) in present.enumerated() { outcome.weights[task] = weights[position] }
        outcome.gramian = gramian
        try direction.write(weights: weights, to: gradients)
        return direction
    }

    private func readLosses(
        _ losses: TaskLosses, step: Int, into outcome: inout StepOutcome
    ) throws {
        let values = try Tensor.concatenate(losses.map { $0.loss.detached.reshaped([1]) }, axis: 0).floats()
        for ((task, _), value) in zip(losses, values) {
            guard value.isFinite else {
                throw TrainingError.notFinite(
                    quantity: "loss", task: tasks[task].name, step: step, value: Double(value))
            }
            outcome.losses[task] = value
        }
    }
}
