import Foundation

/// Smooth Tchebycheff scalarisation (STCH): a smooth maximum of the losses.
///
/// With `form` = `log`, as the authors train: during `warmUp` epochs the loss is `Σ log Lᵢ`; the mean losses z of the last of
/// them are the scale, and then the loss is `K·μ·log Σ exp(log(Lᵢ/zᵢ)/μ)`. With `form` = `linear`, as the paper defines it, the
/// loss is `μ·log Σ exp(Lᵢ/(K·μ))` throughout. Remembers epochs and scale. Needs losses, above 0 for `log`.
///
/// Parameters: `form` = `log`, `mu` μ = 1, `warmUp` = 4.
///
/// Source: Lin, Zhang, Yang, Liu, Wang, Zhang, "Smooth Tchebycheff Scalarization for Multi-Objective Optimization",
/// ICML 2024.
public struct SmoothTchebycheff: LossWeighting {
    public enum Form: String, Hashable, Codable, Sendable, CaseIterable { case log, linear }

    public static let name = "stch"
    public static let reduction = Reduction.sum
    public static let needsLosses = true

    public var form: Form
    public var mu: Double
    public var warmUp: Int
    private var epochs = 0
    /// By number of the task.
    private var scales: [Double?] = []

    /// - Precondition: `mu` is positive, `warmUp` not negative.
    public init(form: Form = .log, mu: Double = 1, warmUp: Int = 4) {
        precondition(mu > 0 && warmUp >= 0, "STCH: mu \(mu), warmUp \(warmUp)")
        (self.form, self.mu, self.warmUp) = (form, mu, warmUp)
    }

    public init(_ parameters: inout MethodParameters) throws(WeightingError) {
        form = try parameters.choice("form", default: Form.log)
        mu = try parameters.positive("mu", default: 1)
        warmUp = try parameters.integer("warmUp", default: 4, atLeast: 0)
    }

    public mutating func reset() { (epochs, scales) = (0, []) }

    public mutating func finishEpoch(meanLosses: [Double?]) {
        epochs += 1
        if epochs == warmUp { scales = meanLosses }
    }

    public func weights(in step: StepContext) throws(WeightingError) -> [Double] {
        let count = Double(step.tasks.count)
        if form == .linear {
            let losses = try step.requireLosses(for: SmoothTchebycheff.name)
            return Simplex.softmax(losses.map { $0 / (count * mu) }).map { $0 / count }
        }
        let losses = try step.requirePositiveLosses(for: SmoothTchebycheff.name)
        if epochs < warmUp { return losses.map { 1 / $0 } }
        let logarithms = losses.indices.map { row in
            let scale = scales.isEmpty ? nil : scales[step.tasks[row]]
            return log(losses[row] / max(scale ?? 1, .leastNormalMagnitude)) / mu
        }
        return zip(Simplex.softmax(logarithms), losses).map { count * $0 / $1 }
    }
}
