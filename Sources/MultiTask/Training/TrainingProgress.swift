import Foundation

/// Everything that a run must remember besides tensors, to go on exactly where it stopped.
struct TrainingProgress: Codable {
    /// What must be the same when the run is resumed.
    struct Identity: Codable, Equatable {
        var seed: UInt64
        var method: String
        var tasks: [String]
        /// Of every source.
        var samples: [Int]
        /// Of every source.
        var batchSizes: [Int]
        var scheduling: String
        var scheduleParameters: [String: ScheduleParameter]
        var stepsPerEpoch: Int
        var accumulation: Int
    }

    var identity: Identity
    /// Epochs that are complete.
    var epoch = 0
    /// Steps of the current epoch that are complete.
    var batch = 0
    var step = 0
    var accumulated: EpochAccumulator
    var schedule: ScheduleProgress
    var seconds = 0.0
    var bestEpoch = 0
    /// Nil before the first epoch is complete.
    var bestScore: Double?
    var best: [String: [String: Double]] = [:]
    /// Steps that the optimizer has taken, by number of the parameter.
    var optimizerSteps: [Int] = []
    var stopping = RunStopping.State()
    var method: TrainingStep.State?

    init(identity: Identity, sources: Int, tasks: Int) {
        self.identity = identity
        schedule = ScheduleProgress(sources: sources, tasks: tasks)
        accumulated = EpochAccumulator(tasks: tasks)
    }
}

/// Sums over the steps of one epoch.
struct EpochAccumulator: Codable {
    /// In how many steps each task took part.
    private(set) var steps: [Int]
    private var labels: [Double]
    private var losses: [Double]
    private var seconds = 0.0
    private var weights: [Double]
    private var weighed: [Int]
    private var gradientNorms: [Double]
    private var conflictRates = 0.0
    private var cosines: [[Double]]
    private var measured: [[Int]]
    private var gramians = 0
    /// Steps that updated nothing.
    private(set) var skipped = 0

    init(tasks: Int) {
        steps = Array(repeating: 0, count: tasks)
        losses = Array(repeating: 0, count: tasks)
        labels = losses
        weights = losses
        weighed = steps
        gradientNorms = losses
        cosines = Array(repeating: losses, count: tasks)
        measured = Array(repeating: steps, count: tasks)
    }

    mutating func add(_ outcome: StepOutcome, seconds: Double) {
        self.seconds += seconds
        if outcome.skipped != nil { skipped += 1 }
        for (task, loss) in outcome.losses.enumerated() {
            guard let loss else { continue }
            steps[task] += 1
            labels[task] += outcome.labelWeights[task]
            losses[task] += Double(loss) * outcome.labelWeights[task]
        }
        guard let gramian = outcome.gramian else { return }
        gramians += 1
        conflictRates += gramian.conflictRate
        let present = outcome.gramianTasks
        let cosine = gramian.cosines
        for (row, first) in present.enumerated() {
            gradientNorms[first] += gramian[row, row].squareRoot()
            if let weight = outcome.weights[first] {
                weights[first] += weight
                weighed[first] += 1
            }
            for (column, second) in present.enumerated() {
                cosines[first][second] += cosine[row, column]
                measured[first][second] += 1
            }
        }
    }

    func meanLoss(of task: Int) -> Double? { steps[task] == 0 ? nil : losses[task] / labels[task] }

    var totalSeconds: Double { seconds }

    /// - Parameter tasks: their names.
    func balance(of tasks: [String]) -> Balance? {
        if gramians == 0 { return nil }
        func mean(_ sum: Double, of count: Int) -> Double? { count == 0 ? nil : sum / Double(count) }
        return Balance(
            tasks: tasks, weights: zip(weights, weighed).map(mean),
            gradientNorms: tasks.indices.map { mean(gradientNorms[$0], of: measured[$0][$0]) },
            conflictRate: conflictRates / Double(gramians),
            cosine: zip(cosines, measured).map { zip($0, $1).map(mean) })
    }
}
