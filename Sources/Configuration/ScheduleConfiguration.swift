import Optimizers
import Yams

/// How the learning rate changes over a run. Times are in epochs.
public struct ScheduleConfiguration: Hashable, Sendable {
    public enum Shape: Hashable, Sendable {
        case constant
        /// Multiplied by `gamma` after every `epochs`. Default of `gamma`: 0.1.
        case step(epochs: Int, gamma: Double)
        /// Half a cosine down to `minimum` at the end of the run. Default of `minimum`: 0.
        case cosine(minimum: Double)
        /// Up from `1 / division` of the highest rate during the first `share` of the run, then down to
        /// `1 / (division · finalDivision)` of it. Defaults: 0.3, 25 and 10,000.
        case oneCycle(share: Double, division: Double, finalDivision: Double)
        /// Up from `1 / ratio` of the highest rate during the first `share` of the run, then back, in straight lines.
        /// Defaults: 0.1 and 32.
        case slantedTriangular(share: Double, ratio: Double)
    }

    /// More epochs than anybody waits for.
    static let maximumEpochs = 1_000_000

    public var shape: Shape
    /// Epochs in which the rate rises in a straight line before the shape begins; may be a fraction. Default 0.
    public var warmUp: Double

    public init(_ shape: Shape, warmUp: Double = 0) {
        self.shape = shape
        self.warmUp = warmUp
    }

    init(_ value: ConfigurationValue) throws(ConfigurationError) {
        let (name, options) = try value.choice(
            of: "schedule",
            options: [
                "constant": ["warmUp"], "step": ["epochs", "gamma", "warmUp"], "cosine": ["minimum", "warmUp"],
                "one-cycle": ["share", "division", "finalDivision"], "slanted-triangular": ["share", "ratio"],
            ])
        let share = { (standard: Double) throws(ConfigurationError) -> Double in
            try options["share"]?.number("a number above 0 and below 1") { $0 > 0 && $0 < 1 } ?? standard
        }
        let atLeastOne = "a number of at least 1"
        switch name {
        case "step":
            shape = .step(
                epochs: try options.required("epochs", "an integer of at least 1")
                    .integer(atLeast: 1, atMost: ScheduleConfiguration.maximumEpochs),
                gamma: try options["gamma"]?.positive() ?? 0.1)
        case "cosine": shape = .cosine(minimum: try options["minimum"]?.nonNegative() ?? 0)
        case "one-cycle":
            shape = .oneCycle(
                share: try share(0.3),
                division: try options["division"]?.number(atLeastOne) { $0 >= 1 } ?? 25,
                finalDivision: try options["finalDivision"]?.number(atLeastOne) { $0 >= 1 } ?? 10_000)
        case "slanted-triangular":
            shape = .slantedTriangular(
                share: try share(0.1), ratio: try options["ratio"]?.number(atLeastOne) { $0 >= 1 } ?? 32)
        default: shape = .constant
        }
        warmUp =
            try options["warmUp"]?.number("a number of epochs from 0 to \(ScheduleConfiguration.maximumEpochs)") {
                $0 >= 0 && $0 <= Double(ScheduleConfiguration.maximumEpochs)
            } ?? 0
    }

    var node: Node {
        let warmUp: (String, Node) = ("warmUp", .number(self.warmUp))
        return switch shape {
        case .constant: .keys([("name", .text("constant")), warmUp])
        case .step(let epochs, let gamma):
            .keys([("name", .text("step")), ("epochs", .number(epochs)), ("gamma", .number(gamma)), warmUp])
        case .cosine(let minimum): .keys([("name", .text("cosine")), ("minimum", .number(minimum)), warmUp])
        case .oneCycle(let share, let division, let finalDivision):
            .keys([
                ("name", .text("one-cycle")), ("share", .number(share)), ("division", .number(division)),
                ("finalDivision", .number(finalDivision)),
            ])
        case .slantedTriangular(let share, let ratio):
            .keys([("name", .text("slanted-triangular")), ("share", .number(share)), ("ratio", .number(ratio))])
        }
    }

    /// The learning rate over the steps of a run.
    ///
    /// - Parameters:
    ///   - rate: the highest one.
    ///   - stepsPerEpoch: number of batches.
    package func schedule(rate: Double, epochs: Int, stepsPerEpoch: Int) -> LearningRateSchedule {
        let warmUpSteps = Int((warmUp * Double(stepsPerEpoch)).rounded())
        let steps = max(epochs * stepsPerEpoch - warmUpSteps, 1)
        let schedule: LearningRateSchedule =
            switch shape {
            case .constant: .constant(rate: rate)
            case .step(let interval, let gamma): .step(rate: rate, interval: interval * stepsPerEpoch, gamma: gamma)
            case .cosine(let minimum): .cosine(rate: rate, minimum: minimum, steps: steps)
            case .oneCycle(let share, let division, let finalDivision):
                .oneCycle(
                    maximum: rate, steps: steps, share: share, division: division, finalDivision: finalDivision)
            case .slantedTriangular(let share, let ratio):
                .slantedTriangular(maximum: rate, steps: steps, share: share, ratio: ratio)
            }
        return warmUpSteps == 0
            ? schedule
            : .warmUp(steps: warmUpSteps, startFactor: 1 / Double(warmUpSteps + 1), then: schedule)
    }
}
