import Foundation

/// The learning rate as a function of the number of steps taken.
///
/// The values are those of PyTorch's schedulers, stepped once per optimizer step.
public indirect enum LearningRateSchedule: Hashable, Sendable {
    case constant(rate: Double)
    /// Multiplied by `gamma` after every `interval` steps (`StepLR`).
    case step(rate: Double, interval: Int, gamma: Double)
    /// Half a cosine from `rate` down to `minimum` in `steps`, then `minimum` (`CosineAnnealingLR`).
    ///
    /// Source: Loshchilov, Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR 2017.
    case cosine(rate: Double, minimum: Double = 0, steps: Int)
    /// Half a cosine from `maximum / division` up to `maximum` in the first `share` of `steps`, and another down to
    /// `maximum / (division · finalDivision)` (`OneCycleLR` with two phases).
    ///
    /// Source: Smith, Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates", 2017.
    case oneCycle(
        maximum: Double, steps: Int, share: Double = 0.3, division: Double = 25, finalDivision: Double = 10_000)
    /// Half a cosine from `initial` up to `maximum` in the first `share` of `steps`, and another down to `final` (fastai's
    /// `combined_cos`). Unlike in ``oneCycle(maximum:steps:share:division:finalDivision:)`` the last step does not reach
    /// the end of the curve: step s lies at s / steps.
    case cosineCycle(initial: Double, maximum: Double, final: Double, steps: Int, share: Double)
    /// A straight line from `maximum / ratio` up to `maximum` in the first `share` of `steps`, and another back down.
    ///
    /// Source: Howard, Ruder, "Universal Language Model Fine-tuning for Text Classification", ACL 2018, equation 3.
    case slantedTriangular(maximum: Double, steps: Int, share: Double = 0.1, ratio: Double = 32)
    /// Another schedule without its first steps: the part of it that a later phase of a run sees.
    case advanced(by: Int, LearningRateSchedule)
    /// A straight line from `startFactor` times the first rate of another schedule up to it, in `steps`, and then that
    /// schedule from its beginning (`LinearLR` in front of it in a `SequentialLR`).
    case warmUp(steps: Int, startFactor: Double, then: LearningRateSchedule)

    /// The learning rate of a step.
    ///
    /// - Parameter step: how many steps were taken before this one.
    public func learningRate(at step: Int) -> Float { Float(value(at: step)) }

    private func value(at step: Int) -> Double {
        switch self {
        case .constant(let rate): return rate
        case .step(let rate, let interval, let gamma): return rate * pow(gamma, Double(step / max(interval, 1)))
        case .cosine(let rate, let minimum, let steps):
            return LearningRateSchedule.cosine(from: rate, to: minimum, at: Double(step), of: Double(steps))
        case .oneCycle(let maximum, let steps, let share, let division, let finalDivision):
            let initial = maximum / division
            let top = share * Double(steps) - 1
            return Double(step) <= top
                ? LearningRateSchedule.cosine(from: initial, to: maximum, at: Double(step), of: top)
                : LearningRateSchedule.cosine(
                    from: maximum, to: initial / finalDivision, at: Double(step) - max(top, 0),
                    of: Double(steps - 1) - max(top, 0))
        case .cosineCycle(let initial, let maximum, let final, let steps, let share):
            let position = min(Double(step) / Double(max(steps, 1)), 1)
            return position < share
                ? LearningRateSchedule.cosine(from: initial, to: maximum, at: position, of: share)
                : LearningRateSchedule.cosine(from: maximum, to: final, at: position - share, of: 1 - share)
        case .slantedTriangular(let maximum, let steps, let share, let ratio):
            // The paper's p: 0 at both ends, 1 at the cut.
            let cut = max((Double(steps) * share).rounded(.down), 1)
            let position = Double(step)
            let height = position < cut ? position / cut : 1 - (position - cut) / (cut * (1 / share - 1))
            return maximum * (1 + max(height, 0) * (ratio - 1)) / ratio
        case .advanced(let steps, let schedule): return schedule.value(at: step + steps)
        case .warmUp(let steps, let startFactor, let then):
            if step >= steps { return then.value(at: step - steps) }
            return then.value(at: 0) * (startFactor + (1 - startFactor) * Double(step) / Double(steps))
        }
    }

    /// Half a cosine, and the end value behind it.
    private static func cosine(from start: Double, to end: Double, at position: Double, of length: Double) -> Double {
        guard position < length else { return end }
        return end + (start - end) / 2 * (1 + cos(.pi * position / length))
    }
}
