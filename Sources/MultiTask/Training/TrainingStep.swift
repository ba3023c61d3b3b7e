import Compute
import Networks
import Optimizers
import Tensors

/// What one training step has seen.
public struct StepOutcome: Sendable {
    /// Unweighted losses, in the order of the tasks; nil for tasks that were absent.
    public var losses: [Float?]
    /// The sums of the samples' weights that the losses are means over; 0 for tasks that were absent.
    public var labelWeights: [Double]
    /// The weights of the tasks that took part; nil for methods that have none. Means over the parts, where layers or
    /// modules have weights of their own.
    public var weights: [Double?]
    /// Inner products of the gradients of the tasks that took part, for methods that look at gradients; nil in steps that
    /// use the weights of an earlier one.
    public var gramian: SquareMatrix?
    /// Numbers of the tasks that the rows of the Gramian belong to: those that took part, without regularisers.
    public var gramianTasks: [Int] = []
    /// Why nothing was updated, where ``NotFinitePolicy/skip`` allowed to go on.
    public var skipped: TrainingError?

    init(tasks: Int) {
        losses = Array(repeating: nil, count: tasks)
        labelWeights = Array(repeating: 0, count: tasks)
        weights = Array(repeating: nil, count: tasks)
    }
}

/// The heart of training: forward, one stacked backward, weighting, update.
public final class TrainingStep {
    public let network: any MultiTaskNetwork
    public let tasks: [LearningTask]
    public let arena: ParameterArena
    public let optimizer: Optimizer
    public let gradientOptions: GradientOptions
    /// Largest global norm of the gradients; nil does not clip.
    public let clippingNorm: Float?
    /// Seed of dropout masks.
    public let seed: UInt64
    public internal(set) var method: Method
    /// The method's copies for layers or modules that have weights of their own, by part.
    var partMethods: [Int: Method] = [:]
    /// Changes the losses of the tasks; nil leaves them as they are.
    public var lossTerms: (any LossTerms)?
    /// Keeps the parameters near where they started.
    public var penalty: StartingPointPenalty?
    /// Follows the parameters; a run is measured with it and saves it.
    public var average: WeightAverage?
    /// The weights that steps use until they are computed again.
    var heldWeights: HeldWeights?
    /// The rows that a Jacobian-based method keeps; part of the exact resume.
    var memory = RowMemory<DeviceRows>()
    let gradients: Tensor

    /// - Throws: ``TrainingError/invalidSetting(name:found:expected:)`` where the options do not fit the method, and what
    ///   the device throws.
    public init(
        network: any MultiTaskNetwork, tasks: [LearningTask], arena: ParameterArena, optimizer: Optimizer,
        method: Method, gradientOptions: GradientOptions = GradientOptions(), clippingNorm: Float? = nil,
        seed: UInt64 = 0
    ) throws {
        try gradientOptions.check(for: method)
        self.network = network
        self.tasks = tasks
        self.arena = arena
        self.optimizer = optimizer
        self.method = method
        self.gradientOptions = gradientOptions
        self.clippingNorm = clippingNorm
        self.seed = seed
        gradients = try Tensor.filled(with: 0, [arena.count], on: arena.device)
        for task in tasks where task.learningRateFactor != 1 {
            optimizer.setLearningRateMultiplier(task.learningRateFactor, ofGroup: task.headGroup)
        }
    }

    /// Takes one step on a batch.
    ///
    /// - Parameter step: number of the step, which chooses its random numbers.
    /// - Throws: ``TrainingError/notFinite(quantity:task:step:value:)`` before any parameter has changed, and what the
    ///   device throws.
    public func callAsFunction(_ batch: DeviceBatch, step: Int, learningRate: Float) throws -> StepOutcome {
        try self([batch], step: step, learningRate: learningRate)
    }

    /// Takes one step on several batches: one per task, where tasks have inputs of their own, or parts of a batch that is
    /// too large for the device. The loss of a task is the mean over its samples in all batches that have targets for it.
    /// A step without any label changes nothing.
    ///
    /// - Parameters:
    ///   - accumulating: walks every batch back before the next one starts, so that the activations of one are held at a
    ///     time. The rows of J are held instead, the tasks' number times the parameters: inner products of sums need the
    ///     sums. Otherwise all batches are walked back together.
    ///   - step: number of the step, which chooses its random numbers.
    /// - Throws: as for a single batch.
    public func callAsFunction(
        _ batches: [DeviceBatch], accumulating: Bool = false, step: Int, learningRate: Float
    ) throws -> StepOutcome {
        let skips = gradientOptions.notFinite == .skip
        // A forward pass moves running statistics before its losses are known.
        let statistics = skips ? try arena.statistics.duplicated() : nil
        do {
            return try take(batches, accumulating: accumulating, step: step, learningRate: learningRate)
        } catch let error as TrainingError {
            guard let statistics, case .notFinite = error else { throw error }
            try arena.statistics.overwrite(with: statistics)
            var outcome = StepOutcome(tasks: tasks.count)
            outcome.skipped = error
            return outcome
        }
    }

    private func take(
        _ batches: [DeviceBatch], accumulating: Bool, step: Int, learningRate: Float
    ) throws -> StepOutcome {
        let present = tasks.indices.filter { task in batches.contains { $0.targets[task] != nil } }
        var pass = StepPass(
            step: step, tasks: tasks.count,
            context: StepContext(
                tasks: present.filter { tasks[$0].role != .regularizer },
                taskCount: tasks.count, learningRate: Double(learningRate)))
        if pass.context.tasks.isEmpty { return pass.outcome }
        for task in present {
            pass.outcome.labelWeights[task] = batches.reduce(0) { $0 + $1.labelWeights[task] }
        }
        let direction =
            switch method.kind {
            case .loss: try weightedLosses(batches, accumulating: accumulating, &pass)
            case .gramian, .jacobian: try weightedGradients(batches, accumulating: accumulating, &pass)
            }
        try penalty?.add(to: gradients)
        try optimizer.step(
            gradients: gradients, learningRate: learningRate, groups: direction.groups, clippingNorm: clippingNorm)
        try average?.update()
        if method.needsLossesAfterStep, let before = pass.context.losses {
            method.learn(from: before, lossesAfterStep: try lossesAgain(batches, step: step), in: pass.context)
        }
        return pass.outcome
    }

    /// Tells the method how an epoch went.
    ///
    /// - Parameter meanLosses: by number of the task, as in ``StepOutcome/losses``; nil for tasks that never appeared.
    public func finishEpoch(meanLosses: [Double?]) {
        let weighted = zip(tasks, meanLosses).map { task, loss in loss.map { $0 * Double(task.weight) } }
        method.finishEpoch(meanLosses: weighted)
        for part in partMethods.keys { partMethods[part]?.finishEpoch(meanLosses: weighted) }
    }
}

// MARK: - Losses

/// The loss of one task on one batch.
struct BatchLoss {
    let task: Int
    let value: Tensor
    /// What the network adds to the loss: scalars.
    let auxiliary: [Tensor]
    /// Of the task's samples in the step.
    let share: Double
    /// Of the task in the step.
    let priority: Float

    /// Where a reverse walk starts.
    ///
    /// - Parameters:
    ///   - task: whose gradients they become.
    ///   - factor: on the loss, but not on what the network adds to it.
    func seeds(task: Int, factor: Float) -> [Seed] {
        [Seed(value, task: task, weight: factor)] + auxiliary.map { Seed($0, task: task, weight: Float(share)) }
    }
}

/// What a step knows while it runs.
struct StepPass {
    let step: Int
    var context: StepContext
    var outcome: StepOutcome

    init(step: Int, tasks: Int, context: StepContext) {
        self.step = step
        self.context = context
        outcome = StepOutcome(tasks: tasks)
    }
}

extension TrainingStep {
    /// The losses of one of a step's batches.
    func losses(_ batches: [DeviceBatch], _ number: Int, tape: Tape?, step: Int) throws -> [BatchLoss] {
        let batch = batches[number]
        if batch.tasks.isEmpty { return [] }
        let forward = ForwardContext(arena, mode: .training, tape: tape, seed: seed, step: step, part: number)
        let predictions = try network.predictions(for: batch.inputs, tasks: batch.tasks, in: forward)
        var values = try tasks.indices.map { task -> Tensor? in
            guard let targets = batch.targets[task], let prediction = predictions[task] else { return nil }
            return try tasks[task].loss(prediction, targets: targets, mask: batch.masks[task])
        }
        if let lossTerms { values = try lossTerms.losses(from: values, predictions: predictions, batch: batch) }
        return tasks.indices.compactMap { task in
            guard let loss = values[task] else { return nil }
            let samples = batches.reduce(0.0) { $0 + $1.labelWeights[task] }
            let share = batches.count == 1 ? 1 : batch.labelWeights[task] / samples
            let auxiliary = forward.auxiliaryLosses.filter { $0.task == task }.map(\.loss)
            return BatchLoss(
                task: task, value: loss, auxiliary: auxiliary, share: share, priority: Float(batch.priorities[task]))
        }
    }

    /// The losses with the parameters as they are now, with the dropout masks of the same step. Running statistics have
    /// moved with this batch already, and stay as they are.
    private func lossesAgain(_ batches: [DeviceBatch], step: Int) throws -> [Double] {
        var sums: [Int: Double] = [:]
        let statistics = try arena.statistics.duplicated()
        for number in batches.indices {
            for loss in try losses(batches, number, tape: nil, step: step) where tasks[loss.task].role != .regularizer {
                sums[loss.task, default: 0] += Double(factor(of: loss)) * Double(try loss.value.scalar())
            }
        }
        try arena.statistics.overwrite(with: statistics)
        return sums.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Brings the losses to the host.
    func read(_ losses: [BatchLoss], into pass: inout StepPass) throws {
        let values = try Tensor.concatenate(losses.map { $0.value.detached.reshaped([1]) }, axis: 0).floats()
        var sums: [Int: Double] = [:]
        var weighted: [Int: Double] = [:]
        for (loss, value) in zip(losses, values) {
            guard value.isFinite else {
                throw TrainingError.notFinite(
                    quantity: "loss", task: tasks[loss.task].name, step: pass.step, value: Double(value))
            }
            sums[loss.task, default: 0] += loss.share * Double(value)
            weighted[loss.task, default: 0] += loss.share * Double(value) * Double(loss.priority)
        }
        for (task, sum) in sums { pass.outcome.losses[task] = Float(sum) }
        pass.context.losses = pass.context.tasks.map { (weighted[$0] ?? 0) * Double(tasks[$0].weight) }
    }

    /// Where a reverse walk for a gradient per task starts. What regularises is a part of every task's loss.
    ///
    /// - Parameter present: numbers of the tasks that take part.
    func seeds(of loss: BatchLoss, present: [Int]) -> [Seed] {
        guard tasks[loss.task].role == .regularizer else { return loss.seeds(task: loss.task, factor: factor(of: loss)) }
        return present.flatMap { loss.seeds(task: $0, factor: factor(of: loss) / Float(present.count)) }
    }

    /// Where a reverse walk for the weighted sum of all losses starts.
    ///
    /// - Parameter weights: by number of the task.
    func seeds(of loss: BatchLoss, weights: [Int: Double]) -> [Seed] {
        let weight = tasks[loss.task].role == .regularizer ? 1 : Float(weights[loss.task] ?? 0)
        return loss.seeds(task: 0, factor: factor(of: loss) * weight)
    }

    /// What a loss is multiplied by, whatever the method.
    func factor(of loss: BatchLoss) -> Float { tasks[loss.task].weight * loss.priority * Float(loss.share) }
}
