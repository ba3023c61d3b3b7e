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
    /// The weights of the tasks that took part; nil for methods that have none.
    public var weights: [Double?]
    /// Inner products of the gradients of the tasks that took part, for methods that look at gradients.
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
    /// The rows that a Jacobian-based method keeps; part of the exact resume.
    var memory = RowMemory<DeviceRows>()
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
        let forward = ForwardContext(arena, mode: .training, tape: tape, seed: seed, step: step)
        let predictions = try network.predictions(for: batch.inputs, in: forward)
        var losses: TaskLosses = []
        for (index, task) in tasks.enumerated() {
            guard let targets = batch.targets[index] else { continue }
            losses.append(
                (
                    index, try task.loss(predictions[index], targets: targets, mask: batch.masks[index]),
                    forward.auxiliaryLosses.filter { $0.task == index }.map(\.loss)
                ))
        }
        var outcome = StepOutcome(tasks: tasks.count)
        var context = StepContext(
            tasks: losses.map(\.task), taskCount: tasks.count, learningRate: Double(learningRate))
        let direction =
            switch method.kind {
            case .loss: try weightedLosses(losses, tape, step, &context, into: &outcome)
            case .gramian, .jacobian: try weightedGradients(losses, tape, step, &context, into: &outcome)
            }
        try optimizer.step(
            gradients: gradients, learningRate: learningRate, groups: direction.groups, clippingNorm: clippingNorm)
        if method.needsLossesAfterStep, let before = context.losses {
            method.learn(from: before, lossesAfterStep: try lossesAgain(batch, step: step), in: context)
        }
        return outcome
    }

    /// Tells the method how an epoch went.
    ///
    /// - Parameter meanLosses: by number of the task, as in ``StepOutcome/losses``; nil for tasks that never appeared.
    public func finishEpoch(meanLosses: [Double?]) {
        method.finishEpoch(meanLosses: zip(tasks, meanLosses).map { task, loss in loss.map { $0 * Double(task.weight) } })
    }

    /// The losses of the tasks that a batch has targets for, and what the network adds to them.
    private typealias TaskLosses = [(task: Int, loss: Tensor, auxiliary: [Tensor])]

    /// The weighted losses as one: a plain backward pass.
    private func weightedLosses(
        _ losses: TaskLosses, _ tape: Tape, _ step: Int, _ context: inout StepContext, into outcome: inout StepOutcome
    ) throws -> TaskGradients {
        // Reading the losses waits for the forward pass, so it waits until the backward pass is under way where it can.
        if method.needsLosses { try readLosses(losses, step: step, &context, into: &outcome) }
        let weights = try method.weights(in: context)
        let seeds = zip(losses, weights).map { Seed($0.loss, task: 0, weight: tasks[$0.task].weight * Float($1)) }
            + losses.flatMap(\.auxiliary).map { Seed($0, task: 0) }
        var direction = try TaskGradients(walking: tape, from: seeds, of: arena, tasks: [0])
        if !method.needsLosses { try readLosses(losses, step: step, &context, into: &outcome) }
        for (task, weight) in zip(context.tasks, weights) { outcome.weights[task] = weight }
        try direction.write(weights: [1], to: gradients)
        return direction
    }

    /// One cotangent per task, the Gramian of the gradients, and what the method makes of them.
    private func weightedGradients(
        _ losses: TaskLosses, _ tape: Tape, _ step: Int, _ context: inout StepContext, into outcome: inout StepOutcome
    ) throws -> TaskGradients {
        let seeds = losses.flatMap { task, loss, auxiliary in
            [Seed(loss, task: task, weight: tasks[task].weight)] + auxiliary.map { Seed($0, task: task) }
        }
        let purpose: TaskGradients.Purpose = if case .jacobian = method.kind { .jacobian } else { .gramian() }
        var direction = try TaskGradients(
            walking: tape, from: seeds, of: arena, tasks: context.tasks, purpose: purpose)
        let gramian = try direction.gramian()
        try readLosses(losses, step: step, &context, into: &outcome)
        for (position, task) in context.tasks.enumerated() where !gramian[position, position].isFinite {
            throw TrainingError.notFinite(
                quantity: "squared gradient norm", task: tasks[task].name, step: step, value: gramian[position, position])
        }
        outcome.gramian = gramian
        let weights = try writeDirection(of: &direction, gramian, context)
        for (position, task) in context.tasks.enumerated() { outcome.weights[task] = weights?[position] }
        return direction
    }

    /// - Returns: the tasks' weights, if the method has any.
    private func writeDirection(
        of direction: inout TaskGradients, _ gramian: SquareMatrix, _ context: StepContext
    ) throws -> [Double]? {
        guard case .jacobian = method.kind, direction.sharedCount > 0 else {
            // Nothing is shared where a batch has a single task: then there is nothing to weigh against each other.
            let weights =
                if case .gramian = method.kind { try method.weights(for: gramian, in: context) } else {
                    context.tasks.map { _ in 1.0 }
                }
            try direction.write(weights: weights, weighsPrivate: method.options.weightsHeads, to: gradients)
            return weights
        }
        let rows = DeviceRows(try direction.rows())
        if memory.all.values.contains(where: { $0.columnCount != rows.columnCount }) {
            // Freezing has changed what is shared: the kept rows are of other parameters.
            memory = RowMemory()
            method.reset()
        }
        let result = try method.aggregate(rows, memory: &memory, in: context)
        try direction.write(
            direction: result.direction.tensor, privateWeights: method.options.weightsHeads ? result.weights : nil,
            to: gradients)
        return result.weights
    }

    /// The losses of the batch with the parameters as they are now, with the dropout masks of the same step.
    private func lossesAgain(_ batch: DeviceBatch, step: Int) throws -> [Double] {
        let context = ForwardContext(arena, mode: .training, seed: seed, step: step)
        let predictions = try network.predictions(for: batch.inputs, in: context)
        return try tasks.indices.compactMap { index in
            guard let targets = batch.targets[index] else { return nil }
            let loss = try tasks[index].loss(predictions[index], targets: targets, mask: batch.masks[index]).scalar()
            return Double(loss) * Double(tasks[index].weight)
        }
    }

    private func readLosses(
        _ losses: TaskLosses, step: Int, _ context: inout StepContext, into outcome: inout StepOutcome
    ) throws {
        let values = try Tensor.concatenate(losses.map { $0.loss.detached.reshaped([1]) }, axis: 0).floats()
        for ((task, _, _), value) in zip(losses, values) {
            guard value.isFinite else {
                throw TrainingError.notFinite(
                    quantity: "loss", task: tasks[task].name, step: step, value: Double(value))
            }
            outcome.losses[task] = value
        }
        context.losses = zip(losses, values).map { Double($1) * Double(tasks[$0.task].weight) }
    }
}
