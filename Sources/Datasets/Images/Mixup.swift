import Compute
import Foundation

/// Mixes every sample of a batch with another one: inputs and numbers as `λ·a + (1 - λ)·b`, with one λ of a
/// Beta distribution for the batch. Of two classes one is drawn, the first with the probability λ, which in the mean gives
/// the gradient of the mixed cross-entropy and needs no other loss.
///
/// Source: Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018.
struct Mixup {
    /// Of the Beta distribution; the larger, the more even the mixture.
    let alpha: Double

    /// - Parameter generator: decides on λ, the partners and the classes.
    func callAsFunction(_ batch: Batch, _ generator: inout Philox) -> Batch {
        let share = generator.nextBeta(alpha)
        let partners = generator.permutation(of: batch.count)
        let takesOwn = (0..<batch.count).map { _ in generator.nextUnit() < share }
        guard let inputs = batch.inputs.floats else { return batch }
        var result = batch
        result.inputs = HostTensor(
            mixed(inputs, Float(share), partners: partners, width: inputs.count / batch.count),
            shape: batch.inputs.shape)
        for (task, target) in batch.targets {
            let mask = batch.masks[task]?.floats
            switch target.storage {
            case .int(let labels):
                let drawn = labels.indices.map { takesOwn[$0] ? $0 : partners[$0] }
                result.targets[task] = HostTensor(drawn.map { labels[$0] }, shape: target.shape)
                if let mask { result.masks[task] = HostTensor(drawn.map { mask[$0] }, shape: [batch.count]) }
            case .float(let numbers):
                // A number that is missing takes no part: the weights are those of the numbers that are there.
                let width = numbers.count / batch.count
                let weights = mask ?? Array(repeating: 1, count: batch.count)
                var (values, sums) = (numbers, weights)
                for row in 0..<batch.count {
                    let own = Float(share) * weights[row]
                    let other = (1 - Float(share)) * weights[partners[row]]
                    sums[row] = own + other
                    guard sums[row] > 0 else { continue }
                    for column in 0..<width {
                        let sum = own * numbers[row * width + column] + other * numbers[partners[row] * width + column]
                        values[row * width + column] = sum / sums[row]
                    }
                }
                result.targets[task] = HostTensor(values, shape: target.shape)
                if mask != nil { result.masks[task] = HostTensor(sums, shape: [batch.count]) }
            }
        }
        return result
    }

    private func mixed(_ values: [Float], _ share: Float, partners: [Int], width: Int) -> [Float] {
        var result = values
        for (row, partner) in partners.enumerated() {
            for column in 0..<width {
                result[row * width + column] =
                    share * values[row * width + column] + (1 - share) * values[partner * width + column]
            }
        }
        return result
    }
}

extension Philox {
    /// Uniform in [0, 1).
    fileprivate mutating func nextUnit() -> Double {
        let word: UInt64 = next()
        return Double(word >> 11) * 0x1p-53
    }

    /// A number of the distribution Beta(α, α), from two of the Gamma distribution.
    fileprivate mutating func nextBeta(_ alpha: Double) -> Double {
        let (first, second) = (nextLogGamma(alpha), nextLogGamma(alpha))
        return 1 / (1 + exp(second - first))
    }

    /// The logarithm of a number of the distribution Gamma(α, 1), which for small α may be too small itself.
    ///
    /// Source: Marsaglia, Tsang, "A Simple Method for Generating Gamma Variables", ACM TOMS 26, 2000.
    private mutating func nextLogGamma(_ alpha: Double) -> Double {
        if alpha < 1 { return nextLogGamma(alpha + 1) + log(1 - nextUnit()) / alpha }
        let d = alpha - 1.0 / 3
        while true {
            let normal = (-2 * log(1 - nextUnit())).squareRoot() * cos(2 * .pi * nextUnit())
            let cube = 1 + normal / (9 * d).squareRoot()
            let v = cube * cube * cube
            let uniform = 1 - nextUnit()
            if v > 0 && log(uniform) < normal * normal / 2 + d * (1 - v + log(v)) { return log(d * v) }
        }
    }
}
