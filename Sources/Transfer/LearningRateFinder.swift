import Compute
import Datasets
import Foundation
import MultiTask
import Networks

/// Tries learning rates on a network: a mock training whose rate grows exponentially.
///
/// The sum of the tasks' weighted losses is smoothed, and the sweep ends where it exceeds four times its minimum. Smoothing
/// and suggestions are fastai's.
///
/// Source: Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017, section 3.3.
public struct LearningRateFinder: Hashable, Sendable {
    public var lowest: Double
    public var highest: Double
    /// Number of steps.
    public var steps: Int
    /// Of the loss: what remains of the old mean in a step.
    public var smoothing: Double

    /// - Precondition: `0 < lowest < highest`, at least 2 steps, smoothing in 0..<1.
    public init(lowest: Double = 1e-7, highest: Double = 10, steps: Int = 100, smoothing: Double = 0.98) {
        precondition(
            0 < lowest && lowest < highest && steps >= 2 && (0..<1).contains(smoothing),
            "LearningRateFinder: rates \(lowest) to \(highest), \(steps) steps, smoothing \(smoothing)")
        self.lowest = lowest
        self.highest = highest
        self.steps = steps
        self.smoothing = smoothing
    }

    /// The rate of a step, from 0.
    public func rate(at step: Int) -> Double { lowest * pow(highest / lowest, Double(step) / Double(steps)) }

    /// Trains with growing rates and sets everything back, bit for bit.
    ///
    /// - Parameters:
    ///   - sources: every step takes a batch of each.
    ///   - phase: what is frozen, and the rates by depth.
    ///   - batchSize: of sources that have none.
    ///   - seed: of the order of the samples.
    /// - Throws: ``TransferError/noCurve(points:)``, or what training throws; a loss that is not finite ends the sweep.
    public func callAsFunction(
        _ step: TrainingStep, sources: [TrainingSource], phase: TrainingPhase? = nil, batchSize: Int, seed: UInt64
    ) throws -> LearningRateCurve {
        let snapshot = try step.snapshot()
        let (frozen, multipliers) = (step.arena.frozen, step.optimizer.learningRateMultipliers)
        if let phase {
            step.arena.setFrozen(frozen.union(phase.frozen))
            if let factors = phase.learningRateFactors {
                step.optimizer.learningRateMultipliers = zip(multipliers, factors).map { $0 * $1 }
            }
        }
        let points = Result { try sweep(step, sources, batchSize: batchSize, seed: seed) }
        step.arena.setFrozen(frozen)
        step.optimizer.learningRateMultipliers = multipliers
        try step.restore(snapshot)
        return try LearningRateCurve(points: try points.get(), steps: steps)
    }

    private func sweep(
        _ step: TrainingStep, _ sources: [TrainingSource], batchSize: Int, seed: UInt64
    ) throws -> [LearningRateCurve.Point] {
        var streams = try sources.map { source in
            EndlessBatches(
                try BatchLoader(
                    source.training, batchSize: source.batchSize ?? batchSize, order: .shuffled(seed: seed)),
                tasks: Set(step.tasks.indices.filter { source.tasks.contains(step.tasks[$0].name) }))
        }
        var points: [LearningRateCurve.Point] = []
        var mean = 0.0
        var best = Double.infinity
        for number in 0..<steps {
            let batches = try streams.indices.map { index in
                try DeviceBatch(
                    try streams[index].next(), tasks: step.tasks, including: streams[index].tasks,
                    on: step.arena.device)
            }
            let rate = rate(at: number)
            guard let loss = try loss(of: step, batches, number: number + 1, rate: rate) else { break }
            mean = smoothing * mean + (1 - smoothing) * loss
            let smoothed = mean / (1 - pow(smoothing, Double(number + 1)))
            points.append(LearningRateCurve.Point(rate: rate, loss: loss, smoothedLoss: smoothed))
            best = min(best, smoothed)
            if smoothed > 4 * best { break }
        }
        return points
    }

    /// - Returns: nil where the loss or a gradient is not finite.
    private func loss(of step: TrainingStep, _ batches: [DeviceBatch], number: Int, rate: Double) throws -> Double? {
        do {
            let outcome = try step(batches, step: number, learningRate: Float(rate))
            if outcome.skipped != nil { return nil }
            return zip(step.tasks, outcome.losses).reduce(0) { $0 + Double($1.0.weight) * Double($1.1 ?? 0) }
        } catch TrainingError.notFinite {
            return nil
        }
    }
}

/// Batches of a data set, over and over.
private struct EndlessBatches {
    let tasks: Set<Int>
    private let loader: BatchLoader
    private var pass = 0
    private var batches: BatchStream?

    init(_ loader: BatchLoader, tasks: Set<Int>) {
        self.loader = loader
        self.tasks = tasks
    }

    mutating func next() throws -> Batch {
        while true {
            let stream = try batches ?? loader.epoch(pass)
            batches = stream
            if let batch = try stream.next() { return batch }
            batches = nil
            pass += 1
        }
    }
}

/// What a sweep over learning rates has seen, and what it suggests.
public struct LearningRateCurve: Hashable, Sendable {
    public struct Point: Hashable, Sendable {
        public let rate: Double
        public let loss: Double
        public let smoothedLoss: Double

        public init(rate: Double, loss: Double, smoothedLoss: Double) {
            self.rate = rate
            self.loss = loss
            self.smoothedLoss = smoothedLoss
        }
    }

    /// In the order of the rates.
    public let points: [Point]
    /// Where the smoothed loss falls fastest over the logarithm of the rate.
    public let steepest: Double
    /// Inside the longest run of falling losses, half way between its first and its second third.
    public let valley: Double
    /// A tenth of the rate with the lowest smoothed loss.
    public let minimum: Double

    /// - Parameter steps: that the sweep was meant to have. The first tenth, where the mean of the losses is unsteady, and
    ///   the last five points, where they grow out of hand, suggest nothing.
    /// - Throws: ``TransferError/noCurve(points:)`` where fewer than two points are left.
    public init(points: [Point], steps: Int) throws(TransferError) {
        self.points = points
        let first = steps / 10
        guard points.count - 5 - first >= 2 else { throw .noCurve(points: points.count) }
        let curve = points[first..<points.count - 5]
        let (rates, losses) = (curve.map(\.rate), curve.map(\.smoothedLoss))
        steepest = rates[LearningRateCurve.steepest(rates, losses)]
        valley = rates[LearningRateCurve.valley(losses)]
        let lowest = losses.indices.min { losses[$0] < losses[$1] } ?? 0
        minimum = rates[lowest] / 10
    }

    private static func steepest(_ rates: [Double], _ losses: [Double]) -> Int {
        let slopes = (0..<rates.count - 1).map { (losses[$0 + 1] - losses[$0]) / log(rates[$0 + 1] / rates[$0]) }
        return slopes.indices.min { slopes[$0] < slopes[$1] } ?? 0
    }

    /// The position inside the longest falling subsequence, the first among equals.
    private static func valley(_ losses: [Double]) -> Int {
        // Length of the longest falling subsequence that ends at a point.
        var lengths = [Int](repeating: 1, count: losses.count)
        for end in losses.indices {
            for start in 0..<end where losses[end] < losses[start] {
                lengths[end] = max(lengths[end], lengths[start] + 1)
            }
        }
        let longest = lengths.max() ?? 1
        guard longest > 1, let end = lengths.firstIndex(of: longest) else { return 0 }
        let third = Double(longest) / 3
        return max(end - longest + Int(third) + Int(third / 2), 0)
    }
}
