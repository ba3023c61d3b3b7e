import Compute
import Networks
import Tensors

/// Updates the parameters of an arena.
///
/// States lie in tensors shaped like the arena, so a step is one launch per run of parameters that are treated alike.
///
/// Steps are counted per parameter: a head whose task is absent from a batch neither moves nor ages, as a parameter
/// without gradient in PyTorch, and a parameter that is unfrozen late begins with its first step.
public final class Optimizer {
    public let rule: any OptimizerRule
    public let arena: ParameterArena
    /// Factors on the learning rate, by number of the parameter; 1 at first.
    public var learningRateMultipliers: [Float]
    /// Steps that every parameter has taken, by its number.
    public var stepCounts: [Int]
    /// What the rule remembers, `[arena.count]` each, by the rule's names; whoever restores a run writes to them in place.
    public let states: [(name: String, tensor: Tensor)]

    public init(_ rule: any OptimizerRule, for arena: ParameterArena) throws(ComputeError) {
        self.rule = rule
        self.arena = arena
        learningRateMultipliers = arena.segments.map { _ in 1 }
        stepCounts = arena.segments.map { _ in 0 }
        var states: [(name: String, tensor: Tensor)] = []
        for name in rule.stateNames {
            states.append((name, try Tensor.filled(with: 0, [arena.count], on: arena.device)))
        }
        self.states = states
    }

    /// Sets the factor on the learning rate of all parameters of a group.
    public func setLearningRateMultiplier(_ multiplier: Float, ofGroup group: String) {
        for (index, segment) in arena.segments.enumerated() where segment.group == group {
            learningRateMultipliers[index] = multiplier
        }
    }

    /// Takes one step with the trainable parameters.
    ///
    /// - Parameters:
    ///   - gradients: `[arena.count]`, laid out as the arena, 0 in the padding.
    ///   - groups: those that got gradients; the others stay as they are. Nil stands for all.
    ///   - clippingNorm: scales the gradients of the step down where their common norm is larger, as PyTorch's
    ///     `clip_grad_norm_`; nothing is read back from the device. Source: Pascanu, Mikolov, Bengio, "On the Difficulty
    ///     of Training Recurrent Neural Networks", ICML 2013.
    public func step(
        gradients: Tensor, learningRate: Float, groups: Set<String>? = nil, clippingNorm: Float? = nil
    ) throws(ComputeError) {
        precondition(gradients.shape == [arena.count], "gradients \(gradients.shape) for an arena of \(arena.count)")
        let ranges = arena.trainableRanges { first, second in
            learningRateMultipliers[first] == learningRateMultipliers[second] && stepCounts[first] == stepCounts[second]
        }.filter { groups?.contains($0.group) ?? true }
        if ranges.isEmpty { return }
        for (index, segment) in arena.segments.enumerated()
        where !arena.isFrozen(at: index) && groups?.contains(segment.group) ?? true {
            stepCounts[index] += 1
        }

        let runs = runs(of: ranges, learningRate: learningRate)
        var clipping: Tensor?
        if let clippingNorm { clipping = try clippingFactor(gradients, over: runs, maximum: clippingNorm) }
        for run in runs {
            let operands =
                ([arena.values, gradients] + states.map(\.tensor)).map {
                    $0.storage.advanced(by: run.elements.lowerBound)
                } + (clipping.map { [$0.storage] } ?? [])
            try arena.device.encode(
                .optimizerStep(OptimizerStep(rule.primitive, count: run.elements.count, scaled: clipping != nil)),
                operands, scalars: run.scalars)
        }
    }

    /// Elements that are updated in one launch, with what the rule needs to know.
    private struct Run {
        var elements: Range<Int>
        var scalars: [Float]
    }

    /// Ranges that lie side by side and happen to be treated alike in this step are updated together, with the padding
    /// between them, which stays 0.
    private func runs(of ranges: [ParameterArena.Range], learningRate: Float) -> [Run] {
        var runs: [Run] = []
        for range in ranges {
            let scalars = rule.scalars(
                learningRate: learningRate * learningRateMultipliers[range.parameter], decays: range.decays,
                step: stepCounts[range.parameter])
            if let last = runs.last, last.scalars == scalars,
                range.elements.lowerBound - last.elements.upperBound < ParameterArena.alignment
            {
                runs[runs.count - 1].elements = last.elements.lowerBound..<range.elements.upperBound
            } else {
                runs.append(Run(elements: range.elements, scalars: scalars))
            }
        }
        return runs
    }

    /// `min(1, maximum / (norm + 1e-6))`, one element.
    private func clippingFactor(
        _ gradients: Tensor, over runs: [Run], maximum: Float
    ) throws(ComputeError) -> Tensor {
        precondition(maximum > 0, "clipping to a norm of \(maximum)")
        let squares = try Tensor(uninitialized: [runs.count], on: arena.device)
        for (index, run) in runs.enumerated() {
            try arena.device.encode(
                .reduction(Reduction(.sumOfSquares, outer: 1, axis: run.elements.count, inner: 1)),
                [gradients.storage.advanced(by: run.elements.lowerBound), squares.storage.advanced(by: index)])
        }
        let norm = try squares.sum().squareRoot()
        return try (norm + 1e-6).reciprocal().affine(scale: maximum).clamped(to: 0...1)
    }
}
