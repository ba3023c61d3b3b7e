import Compute
import Foundation
import Networks
import Tensors

/// Learning to branch: a trunk per task, where every stage learns which of the stages below it to stand on.
///
/// A tree is searched for by Gumbel-softmax. Behind every stage, task t takes the features of one task j:
/// ```
/// pₜ = softmax((Lₗ[t] + noise) / τ)      noise: Gumbel, anew for every step
/// aₜ ← hⱼ with j = argmax pₜ             in the derivative Σⱼ pₜⱼ·hⱼ (straight-through)
/// ```
/// With `straightThrough` off, training takes the sum itself. In evaluation the likeliest branch is taken, without
/// noise; branches that are equally likely share. τ falls exponentially from `temperature` to `finalTemperature` within
/// `annealingSteps` steps. The noise depends on seed and step alone, so a run that was interrupted draws the same.
///
/// Parameters: `trunks.TASK`, `branches.STAGE` (logits `[tasks, tasks]`, from 0 on, without weight decay),
/// `heads.TASK`. Shared is everything but the heads: whichever branch is taken, its alternatives get a gradient through
/// p.
///
/// Source: Guo, Lee, Ulbricht, "Learning to Branch for Multi-Task Learning", ICML 2020; the straight-through estimator:
/// Jang, Gu, Poole, "Categorical Reparameterization with Gumbel-Softmax", ICLR 2017.
public struct LearningToBranch: Hashable, Sendable {
    /// τ at the start.
    public var temperature: Float
    /// τ at the end.
    public var finalTemperature: Float
    /// Steps from one to the other.
    public var annealingSteps: Int
    /// Whether training takes one branch, as evaluation does, instead of the weighted sum.
    public var straightThrough: Bool

    /// - Precondition: temperatures above 0, at least one step.
    public init(
        temperature: Float = 5, finalTemperature: Float = 0.5, annealingSteps: Int = 1000, straightThrough: Bool = true
    ) {
        precondition(
            temperature > 0 && finalTemperature > 0 && annealingSteps > 0,
            "LearningToBranch: temperatures \(temperature) and \(finalTemperature), \(annealingSteps) steps")
        self.temperature = temperature
        self.finalTemperature = finalTemperature
        self.annealingSteps = annealingSteps
        self.straightThrough = straightThrough
    }

    /// τ at a training step.
    public func temperature(at step: Int) -> Float {
        let progress = min(Double(step) / Double(annealingSteps), 1)
        return Float(Double(temperature) * pow(Double(finalTemperature) / Double(temperature), progress))
    }
}

struct LearningToBranchNetwork: MultiTaskNetwork {
    private let options: LearningToBranch
    private let trunks: ParallelTrunks
    /// Logits by stage.
    private let branches: [Parameter]
    private let heads: [any Layer]

    init(_ options: LearningToBranch, _ parts: NetworkParts) throws {
        self.options = options
        trunks = try ParallelTrunks(parts)
        branches = trunks.matrices(parts.scope["branches"], initializer: .constant(0))
        heads = try parts.heads(inputs: trunks.featureCount)
    }

    var taskCount: Int { heads.count }

    func predictions(
        for input: Tensor, tasks: Set<Int>, in context: ForwardContext
    ) throws(ComputeError) -> [Tensor?] {
        var matrices: [Tensor] = []
        for branch in branches { matrices.append(try shares(by: context(branch), in: context)) }
        let features = try trunks.features(of: input, mixedBy: matrices, tasks: tasks, in: context)
        return try heads.predictions(from: features, in: context)
    }

    private func shares(by logits: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        guard context.mode == .training else { return try logits.detached.winners() }
        let noise = Philox.gumbel(count: logits.count, at: context.drawRandom(count: logits.count))
        let noisy = try logits + Tensor(noise, shape: logits.shape, on: logits.device)
        let soft = try noisy.affine(scale: 1 / options.temperature(at: context.step)).softmax()
        if !options.straightThrough { return soft }
        return try soft + (noisy.detached.winners() - soft.detached)
    }
}

extension Tensor {
    /// 1 where a row has its largest element, else 0; equal ones share the 1.
    fileprivate func winners() throws(ComputeError) -> Tensor {
        let winners = try equal(to: max(axes: [1], keepsAxes: true))
        return try winners / winners.sum(axes: [1], keepsAxes: true)
    }
}

extension Philox {
    /// Numbers with the standard Gumbel distribution: -log(-log u) for uniform u. Drawn on the host, where they have
    /// the same bits for all devices.
    static func gumbel(count: Int, at position: RandomPosition) -> [Float] {
        var generator = Philox(position)
        return (0..<count).map { _ in
            let word: UInt64 = generator.next()
            // The middle of one of 2⁵² equal intervals, never 0 or 1.
            let uniform = (Double(word >> 12) + 0.5) * 0x1p-52
            return Float(-log(-log(uniform)))
        }
    }
}
