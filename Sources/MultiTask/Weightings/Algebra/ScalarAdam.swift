import Foundation

/// Adam on one scalar per task: how methods learn their own weights.
///
/// Every task counts its own steps, so that one which is absent neither moves nor ages. The rules are those of
/// `Adam` with PyTorch's defaults.
struct ScalarAdam: Codable, Sendable {
    private(set) var values: [Double] = []
    private var firstMoments: [Double] = []
    private var secondMoments: [Double] = []
    private var steps: [Int] = []

    /// Makes room for `count` tasks.
    mutating func prepare(_ count: Int, initial: Double) {
        if values.count == count { return }
        values = Array(repeating: initial, count: count)
        firstMoments = Array(repeating: 0, count: count)
        secondMoments = firstMoments
        steps = Array(repeating: 0, count: count)
    }

    /// Moves the scalar of one task.
    mutating func step(_ task: Int, gradient: Double, learningRate: Double, weightDecay: Double = 0) {
        let gradient = gradient + weightDecay * values[task]
        steps[task] += 1
        firstMoments[task] += 0.1 * (gradient - firstMoments[task])
        secondMoments[task] += 0.001 * (gradient * gradient - secondMoments[task])
        let first = firstMoments[task] / (1 - pow(0.9, Double(steps[task])))
        let second = secondMoments[task] / (1 - pow(0.999, Double(steps[task])))
        values[task] -= learningRate * first / (second.squareRoot() + 1e-8)
    }
}
