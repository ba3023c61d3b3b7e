import Compute
import Tensors

/// What one forward pass of a network needs besides its input: the parameters, the tape and the random numbers.
public final class ForwardContext {
    public enum Mode: Sendable { case training, evaluation }

    public let arena: ParameterArena
    public let mode: Mode
    /// Nil where no gradients are wanted.
    public let tape: Tape?
    /// Number of the training step, for what changes as a run goes on.
    public let step: Int
    /// Terms that the forward pass wants to be added to the losses of tasks.
    public private(set) var auxiliaryLosses: [AuxiliaryLoss] = []
    /// How the sequences lie that the layers at hand work on. Set by the layer that reads tokens, for the layers behind
    /// it; nil where there are none, or all are equally long.
    public var sequences: PackedSequences?
    private var random: RandomPosition
    /// The position of the task that a part of the network runs for, where tasks have adapters of their own.
    private var task: Int?
    /// How often such an adapter was asked for.
    private var taskChoices = 0

    public var device: any Device { arena.device }

    /// - Parameters:
    ///   - seed: of the random numbers of this run.
    ///   - step: number of the training step; the same step of the same run draws the same numbers again.
    ///   - part: number of the batch within the step.
    public init(
        _ arena: ParameterArena, mode: Mode, tape: Tape? = nil, seed: UInt64 = 0, step: Int = 0, part: Int = 0
    ) {
        self.arena = arena
        self.mode = mode
        self.tape = tape
        self.step = step
        let stream = part == 0 ? "forward.\(step)" : "forward.\(step).\(part)"
        random = RandomPosition(seed: seed, stream: Philox.stream(named: stream))
    }

    /// A parameter's values, watched by the tape unless it is frozen.
    public func callAsFunction(_ parameter: Parameter) -> Tensor {
        let tensor = arena.tensor(parameter)
        guard let tape, !arena.isFrozen(parameter) else { return tensor }
        return tape.watch(tensor, as: parameter.index)
    }

    /// A statistic's values, to read and to update in place.
    public func callAsFunction(_ statistic: Statistic) -> Tensor { arena.tensor(statistic) }

    /// Whether a layer with these parameters stands still: its statistics must not move either.
    public func isFrozen(_ parameter: Parameter) -> Bool { arena.isFrozen(parameter) }

    /// Reserves the random numbers for `count` elements.
    public func drawRandom(count: Int) -> RandomPosition {
        defer { random = random.advanced(by: count) }
        return random
    }

    /// Runs a part of a network for one task, with the adapters of that task.
    ///
    /// - Returns: what the part gives, and whether it depends on the task: whether it has met an adapter of the task's.
    public func running<Output>(
        task: Int, _ part: () throws(ComputeError) -> Output
    ) throws(ComputeError) -> (output: Output, dependsOnTask: Bool) {
        let (outer, choices) = (self.task, taskChoices)
        self.task = task
        defer { self.task = outer }
        let output = try part()
        return (output, taskChoices > choices)
    }

    /// The position of the task whose adapter a layer is to use.
    func chooseTask() -> Int? {
        taskChoices += 1
        return task
    }

    /// Adds a term to what is minimised for a task, in training only.
    ///
    /// - Parameter loss: a scalar.
    public func add(auxiliaryLoss loss: Tensor, task: Int) {
        precondition(loss.count == 1, "an auxiliary loss is a scalar, not \(loss.shape)")
        if mode == .training { auxiliaryLosses.append(AuxiliaryLoss(loss: loss, task: task)) }
    }
}

/// A term besides the loss of a task's prediction: the entropy of a gate, the distance to other tasks' parameters.
///
/// It is added as it is: priorities and weights of losses do not scale it.
public struct AuxiliaryLoss {
    /// A scalar.
    public let loss: Tensor
    /// The position of the task.
    public let task: Int
}

/// A part of a network: a value that holds handles to its parameters.
public protocol Layer {
    /// Computes the layer's output.
    ///
    /// - Parameter input: the first axis runs over the samples; images are `[samples, height, width, channels]`.
    func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor
}
