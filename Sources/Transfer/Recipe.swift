import MultiTask
import Networks
import Optimizers

/// How a network that was trained on something else learns new tasks: what is frozen when, and at which rates.
///
/// A recipe is a sequence of ``TrainingPhase``s over ``LayerGroups``, whose last group is new.
public enum Recipe: Hashable, Sendable {
    /// Everything learns from the first step on.
    case full
    /// Only the last group learns.
    ///
    /// - Parameter cachesFeatures: whether the frozen part runs over the data once instead of once an epoch, see
    ///   ``CachedFeatures``.
    case linearProbe(cachesFeatures: Bool = true)
    case fineTune(FineTune = FineTune())
    /// One more group learns every so many epochs, beginning with the last.
    ///
    /// Source: Howard, Ruder, "Universal Language Model Fine-tuning for Text Classification", ACL 2018, section 3.3.
    case gradualUnfreezing(epochsPerGroup: Int = 1)

    /// Fastai's `fine_tune`: a cycle of the new group alone, then one of everything at half the rate, lower ones near the
    /// inputs. Its momentum is not cycled, and frozen batch norms do not learn.
    ///
    /// Source: Howard, Gugger, "Fastai: A Layered API for Deep Learning", Information 11(2), 2020.
    public struct FineTune: Hashable, Sendable {
        /// Epochs of the run in which only the new group learns.
        public var freezeEpochs: Int
        /// By how much lower the first group's rate is than the last one's, at least 1 (`lr_mult`).
        public var ratio: Double
        /// Share of the second cycle in which the rate rises (`pct_start`).
        public var share: Double
        /// By how much lower than its highest the rate of the second cycle begins (`div`).
        public var division: Double

        public init(freezeEpochs: Int = 1, ratio: Double = 100, share: Double = 0.3, division: Double = 5) {
            self.freezeEpochs = freezeEpochs
            self.ratio = ratio
            self.share = share
            self.division = division
        }
    }

    /// The names of all recipes.
    public static let names = ["full", "linear-probe", "fine-tune", "gradual-unfreezing"]

    /// The name in configurations.
    public var name: String {
        switch self {
        case .full: "full"
        case .linearProbe: "linear-probe"
        case .fineTune: "fine-tune"
        case .gradualUnfreezing: "gradual-unfreezing"
        }
    }

    /// What recipes need to know of a run.
    public struct Run {
        public var groups: LayerGroups
        public var epochs: Int
        public var stepsPerEpoch: Int
        /// The highest rate.
        public var learningRate: Double
        /// Over the whole run; recipes with cycles of their own do without.
        public var schedule: LearningRateSchedule
        /// Nil leaves the rates to the recipe.
        public var rates: LayerRates?

        public init(
            groups: LayerGroups, epochs: Int, stepsPerEpoch: Int, learningRate: Double,
            schedule: LearningRateSchedule, rates: LayerRates? = nil
        ) {
            self.groups = groups
            self.epochs = epochs
            self.stepsPerEpoch = stepsPerEpoch
            self.learningRate = learningRate
            self.schedule = schedule
            self.rates = rates
        }

        /// A cycle as fastai's `fit_one_cycle`, which ends at 1/100,000 of the highest rate.
        fileprivate func cycle(_ rate: Double, epochs: Int, share: Double, division: Double) -> LearningRateSchedule {
            .cosineCycle(
                initial: rate / division, maximum: rate, final: rate / 1e5, steps: epochs * stepsPerEpoch, share: share)
        }

        fileprivate func factors(standard: LayerRates?) -> [Float]? {
            (rates ?? standard).map { groups.spread($0.factors(groups: groups.groups.count), default: 1) }
        }
    }

    /// The phases of a run.
    ///
    /// - Throws: ``TransferError/invalidSetting(name:found:expected:)`` where the run has too few epochs.
    public func phases(of run: Run) throws(TransferError) -> [TrainingPhase] {
        let count = run.groups.groups.count
        let body = run.groups.parameters(before: count - 1)
        switch self {
        case .full:
            return [
                TrainingPhase(
                    name: "all", epochs: run.epochs, schedule: run.schedule,
                    learningRateFactors: run.factors(standard: nil))
            ]
        case .linearProbe:
            return [TrainingPhase(name: "heads", epochs: run.epochs, schedule: run.schedule, frozen: body)]
        case .fineTune(let options):
            let epochs = run.epochs - options.freezeEpochs
            guard options.freezeEpochs >= 0, epochs >= 1 else {
                throw .invalidSetting(
                    name: "recipe.freezeEpochs", found: "\(options.freezeEpochs)",
                    expected: "at least 0, and fewer than the run's epochs, \(run.epochs)")
            }
            let second = TrainingPhase(
                name: "all", epochs: epochs,
                schedule: run.cycle(
                    run.learningRate / 2, epochs: epochs, share: options.share, division: options.division),
                learningRateFactors: run.factors(standard: .ratio(options.ratio)))
            if options.freezeEpochs == 0 { return [second] }
            let first = TrainingPhase(
                name: "heads", epochs: options.freezeEpochs,
                schedule: run.cycle(run.learningRate, epochs: options.freezeEpochs, share: 0.99, division: 25),
                frozen: body)
            return [first, second]
        case .gradualUnfreezing(let epochsPerGroup):
            guard epochsPerGroup >= 1 else {
                throw .invalidSetting(
                    name: "recipe.epochsPerGroup", found: "\(epochsPerGroup)", expected: "at least 1")
            }
            return Recipe.unfreezing(run, every: epochsPerGroup)
        }
    }

    private static func unfreezing(_ run: Run, every epochs: Int) -> [TrainingPhase] {
        let factors = run.factors(standard: .decay(1 / 2.6))
        var phases: [TrainingPhase] = []
        var start = 0
        for first in run.groups.groups.indices.reversed() where start < run.epochs {
            let length = first == 0 ? run.epochs - start : min(epochs, run.epochs - start)
            phases.append(
                TrainingPhase(
                    name: "from \(run.groups.groups[first].name)", epochs: length,
                    schedule: .advanced(by: start * run.stepsPerEpoch, run.schedule),
                    frozen: run.groups.parameters(before: first), learningRateFactors: factors))
            start += length
        }
        return phases
    }
}
