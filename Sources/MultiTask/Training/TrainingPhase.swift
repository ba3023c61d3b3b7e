import Optimizers

/// A part of a run with parameters, rates and a schedule of its own: transfer recipes are sequences of them.
///
/// Which phase an epoch belongs to follows from its number alone, so a run that is resumed is in the right one.
public struct TrainingPhase: Hashable, Sendable {
    /// What reports call it.
    public var name: String
    /// At least 1.
    public var epochs: Int
    /// The learning rate, its step 0 being the first of the phase.
    public var schedule: LearningRateSchedule
    /// Numbers of the parameters that are not trained, besides those that were frozen before the run.
    public var frozen: Set<Int>
    /// Factors on the learning rate by number of the parameter, besides those of the tasks; nil stands for 1.
    public var learningRateFactors: [Float]?

    public init(
        name: String, epochs: Int, schedule: LearningRateSchedule, frozen: Set<Int> = [],
        learningRateFactors: [Float]? = nil
    ) {
        self.name = name
        self.epochs = epochs
        self.schedule = schedule
        self.frozen = frozen
        self.learningRateFactors = learningRateFactors
    }
}

/// The phases of a run, and what they start from.
struct PhaseSequence {
    let phases: [TrainingPhase]
    private let stepsPerEpoch: Int
    /// Numbers of the parameters that are frozen in all phases.
    private let frozen: Set<Int>
    /// Of the tasks.
    private let learningRateMultipliers: [Float]

    /// - Throws: ``TrainingError/invalidSetting(name:found:expected:)`` where the phases do not fit the run or the network.
    init(_ settings: TrainingSettings, stepsPerEpoch: Int, of step: TrainingStep) throws(TrainingError) {
        let plain = TrainingPhase(name: "training", epochs: settings.epochs, schedule: settings.schedule)
        phases = settings.phases.isEmpty ? [plain] : settings.phases
        self.stepsPerEpoch = stepsPerEpoch
        frozen = step.arena.frozen
        learningRateMultipliers = step.optimizer.learningRateMultipliers
        let sum = phases.reduce(0) { $0 + $1.epochs }
        guard phases.allSatisfy({ $0.epochs >= 1 }), sum == settings.epochs else {
            throw .invalidSetting(
                name: "the sum of the phases' epochs", found: "\(phases.map(\.epochs))", expected: "\(settings.epochs)")
        }
        let count = step.arena.segments.count
        for phase in phases {
            if let factors = phase.learningRateFactors, factors.count != count {
                throw .invalidSetting(
                    name: "the number of learning-rate factors of phase \"\(phase.name)\"", found: "\(factors.count)",
                    expected: "\(count), one per parameter")
            }
            if frozen.union(phase.frozen).isSuperset(of: 0..<count) {
                throw .invalidSetting(
                    name: "phase \"\(phase.name)\"", found: "frozen in all parameters", expected: "one to train")
            }
        }
    }

    /// The phase of an epoch, and the first epoch of the phase. Epochs are counted from 0.
    func phase(of epoch: Int) -> (phase: TrainingPhase, start: Int) {
        var start = 0
        for phase in phases.dropLast() {
            if epoch < start + phase.epochs { return (phase, start) }
            start += phase.epochs
        }
        return (phases[phases.count - 1], start)
    }

    /// The learning rate of a step, by its number in the run, from 0.
    func learningRate(at step: Int, epoch: Int) -> Float {
        let (phase, start) = phase(of: epoch)
        return phase.schedule.learningRate(at: step - start * stepsPerEpoch)
    }

    /// Freezes and rates as an epoch wants it.
    ///
    /// - Parameter finished: the heads of tasks that learn no more, as beginnings of names.
    func begin(epoch: Int, of step: TrainingStep, finished: [String]) {
        let phase = phase(of: epoch).phase
        step.arena.setFrozen(frozen.union(phase.frozen))
        step.arena.freeze(prefixes: finished)
        if let factors = phase.learningRateFactors {
            step.optimizer.learningRateMultipliers = zip(learningRateMultipliers, factors).map { $0 * $1 }
        } else {
            step.optimizer.learningRateMultipliers = learningRateMultipliers
        }
    }
}
