import Compute
import Networks
import Tensors

/// DSelect-k: a mixture of experts whose gates come to select k experts each, and differentiably so.
///
/// A gate has k selectors. A selector has a weight and a logit for each of the m = ⌈log₂ E⌉ binary digits of an
/// expert's number, both linear in the gate's input z, which is chosen as in ``MMoE``. The smooth step S turns logits
/// into digits that reach 0 and 1 exactly, whereupon the selector names one expert:
/// ```
/// S(u) = 0 up to -γ/2, 1 from γ/2 on, between them -2/γ³·u³ + 3/(2γ)·u + ½
/// rₛₑ  = Πᵦ (digit b of e is 1 ? S(uₛᵦ) : 1 - S(uₛᵦ))
/// gₑ   = Σₛ softmax(v)ₛ·rₛₑ
/// ```
/// Every task adds to its loss `entropy·(Σₛ H(rₛ))`, averaged over the samples, with the entropies `H(r) = -Σₑ r·log r`
/// of all of its selectors, and where E is no power of two `entropy·Σₛ 1/Σₑ rₛₑ` against numbers that no expert has.
///
/// Parameters: `experts.E`, `tasks.TASK.gate.digits`, `tasks.TASK.gate.selectors`, `heads.TASK`. Shared are the
/// experts.
///
/// Source: Hazimeh et al., "DSelect-k: Differentiable Selection in the Mixture of Experts with Applications to
/// Multi-Task Learning", NeurIPS 2021.
public struct DSelectK: Hashable, Sendable {
    /// Number of experts.
    public var experts: Int
    /// Number of experts that a task selects: k.
    public var selected: Int
    /// Width of the smooth step: γ.
    public var gamma: Float
    /// Factor on the entropies.
    public var entropy: Float

    /// - Precondition: 1 ≤ selected ≤ experts, at least two experts, gamma above 0, entropy not below 0.
    public init(experts: Int = 4, selected: Int = 2, gamma: Float = 1, entropy: Float = 1e-6) {
        precondition(
            experts > 1 && (1...experts).contains(selected) && gamma > 0 && entropy >= 0,
            "DSelectK: \(selected) of \(experts) experts, gamma \(gamma), entropy \(entropy)")
        self.experts = experts
        self.selected = selected
        self.gamma = gamma
        self.entropy = entropy
    }

    /// Number of binary digits of an expert's number.
    var digits: Int { Int.bitWidth - (experts - 1).leadingZeroBitCount }
}

extension GatedExperts {
    init(_ options: DSelectK, _ parts: NetworkParts) throws {
        try self.init(parts, experts: options.experts) { scope, task, inputs, _ in
            DSelectGate(options, scope, inputs: inputs, task: task)
        }
    }
}

struct DSelectGate: Layer {
    private let options: DSelectK
    private let task: Int
    private let digits: Linear
    private let selectors: Linear

    init(_ options: DSelectK, _ scope: ParameterScope, inputs: Int, task: Int) {
        self.options = options
        self.task = task
        // Small logits, in the middle of the smooth step, as in the authors' code: a gate starts undecided.
        let start = options.gamma / 100
        digits = Linear(
            scope["digits"], inputs: inputs, outputs: options.selected * options.digits,
            initializer: .uniform(low: -start, high: start), biasInitializer: .uniform(low: -start, high: start))
        selectors = Linear(scope["selectors"], inputs: inputs, outputs: options.selected)
    }

    func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        let (samples, selected) = (input.shape[0], options.selected)
        let logits = try digits(input, in: context).reshaped([samples, selected, options.digits])
        let choices = try choices(by: try smoothStep(logits))
        if context.mode == .training, options.entropy > 0 {
            context.add(auxiliaryLoss: try penalty(on: choices), task: task)
        }
        let weights = try selectors(input, in: context).softmax().reshaped([samples, selected, 1])
        return try (choices * weights).sum(axes: [1])
    }

    private func smoothStep(_ logits: Tensor) throws(ComputeError) -> Tensor {
        // In units of γ, where the polynomial is -2u³ + 3/2·u + ½ = u·(3/2 - 2u²) + ½.
        let unit = try logits.affine(scale: 1 / options.gamma).clamped(to: -0.5...0.5)
        return try (unit * unit.squared().affine(scale: -2, shift: 1.5)) + 0.5
    }

    /// - Parameter digits: `[samples, selectors, digits]`
    /// - Returns: how far every selector chooses every expert, `[samples, selectors, experts]`.
    private func choices(by digits: Tensor) throws(ComputeError) -> Tensor {
        let (samples, selected) = (digits.shape[0], options.selected)
        var choices: Tensor?
        for digit in 0..<options.digits {
            let one = try digits.sliced(axis: 2, digit..<digit + 1)
            let values = try Tensor.concatenate([try one.affine(scale: -1, shift: 1), one], axis: 2)
            if let lower = choices {
                let length = lower.shape[2]
                let higher = values.reshaped([samples, selected, 2, 1])
                choices = try (higher * lower.reshaped([samples, selected, 1, length]))
                    .reshaped([samples, selected, 2 * length])
            } else {
                choices = values
            }
        }
        let all = choices ?? digits
        return all.shape[2] == options.experts ? all : try all.sliced(axis: 2, 0..<options.experts)
    }

    private func penalty(on choices: Tensor) throws(ComputeError) -> Tensor {
        // The shift keeps the logarithm finite where a choice has become exact.
        var sum = try (choices * (choices + 1e-6).log()).sum().negated()
        if options.experts < 1 << options.digits {
            sum = try sum + choices.sum(axes: [2]).reciprocal().sum()
        }
        return try sum.affine(scale: options.entropy / Float(choices.shape[0]))
    }
}
