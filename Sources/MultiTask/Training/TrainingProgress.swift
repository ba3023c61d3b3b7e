import Foundation

/// Everything that a run must remember besides tensors, to go on exactly where it stopped.
struct TrainingProgress: Codable {
    /// What must be the same when the run is resumed.
    struct Identity: Codable, Equatable {
        var seed: UInt64
        var method: String
        var tasks: [String]
        var samples: Int
        var batchSize: Int
    }

    var identity: Identity
    /// Epochs that are complete.
    var epoch = 0
    /// Batches of the current epoch that are complete.
    var batch = 0
    var step = 0
    var accumulated: EpochAccumulator
    var seconds = 0.0
    var bestEpoch = 0
    /// Nil before the first epoch is complete.
    var bestScore: Double?
    var best: [String: [String: Double]] = [:]
    /// Steps that the optimizer has taken per group.
    var optimizerSteps: [String: Int] = [:]
    var method: TrainingStep.State?

    init(identity: Identity, tasks: Int) {
        self.identity = identity
        accumulated = EpochAccumulator(tasks: tasks)
    }
}

/// Sums over the steps of one epoch.
struct EpochAccumulator: Codable {
    private var samples: [Int]
    private var losses: [Double]
    private var seconds = 0.0
    private var weights: [Double]
    private var weighed: [Int]
    private var conflictRates = 0.0
    private var cosines: [[Double]]
    private var measured: [[Int]]
    private var gramians = 0
    /// Steps that updated nothing.
    private(set) var skipped = 0

    init(tasks: Int) {
        samples = Array(repeating: 0, count: tasks)
        losses = Array(repeating: 0, count: tasks)
        weights = losses
        weighed = samples
        cosines = Array(repeating: losses, count: tasks)
        measured = Array(repeating: samples, count: tasks)
    }

    mutating func add(_ outcome: StepOutcome, samples count: Int, seconds: Double) {
        self.seconds += seconds
        if outcome.skipped != nil { skipped += 1 }
        for (task, loss) in outcome.losses.enumerated() {
            guard let loss else { continue }
            samples[task] += count
            losses[task] += Double(loss) * Double(count)
        }
        guard let gramian = outcome.gramian else { return }
        gramians += 1
        conflictRates += gramian.conflictRate
        let present = outcome.weights.indices.filter { outcome.weights[$0] != nil }
        let cosine = gramian.cosines
        for (row, first) in present.enumerated() {
            weights[first] += outcome.weights[first] ?? 0
            weighed[first] += 1
            for (column, second) in present.enumerated() {
                cosines[first][second] += cosine[row, column]
                measured[first][second] += 1
            }
        }
    }

    func meanLoss(of task: Int) -> Double? { samples[task] == 0 ? nil : losses[task] / Double(samples[task]) }

    var totalSeconds: Double { seconds }

    var balance: Balance? {
        if gramians == 0 { return nil }
        return Balance(
            weights: zip(weights, weighed).map { $0 / Double(max($1, 1)) },
            conflictRate: conflictRates / Double(gramians),
            cosine: zip(cosines, measured).map { zip($0, $1).map { $0 / Double(max($1, 1)) } })
    }
}
