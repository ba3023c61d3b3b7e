/// How far a derivative is from what it should be, at its worst.
public struct DerivativeResult: Hashable, Sendable {
    /// Share of a derivative's norm that differences may be off by.
    private static let relativeBound = 1e-4
    /// A check that allows more than this share of the derivative would prove nothing.
    private static let coarsestBound = 0.02
    /// Largest deviation between stacked and separate walks, as a share of the largest element.
    public static let stackedBound = 1e-5

    /// Distance between the reverse walk's directional derivative and that of differences, in units of the bound that
    /// follows from the case's rounding.
    public private(set) var deviation = 0.0
    /// The bound, as a share of the derivative's norm.
    public private(set) var bound = 0.0
    /// Distance between the gradients of stacked and of separate walks, as a share of the largest element.
    public private(set) var stackedDeviation = 0.0

    public var passed: Bool {
        deviation <= 1 && bound <= DerivativeResult.coarsestBound && stackedDeviation <= DerivativeResult.stackedBound
    }

    init() {}

    /// Keeps the worse of this comparison and those before.
    mutating func compare(analytic: Double, numeric: Double, derivativeNorm: Double, rounding: Double) {
        let allowed = DerivativeResult.relativeBound * derivativeNorm + rounding
        let distance = abs(analytic - numeric)
        // Not a number counts as infinitely far, which a maximum alone would lose.
        deviation = max(deviation, distance.isFinite ? distance / allowed : .infinity)
        bound = max(bound, derivativeNorm > 0 ? allowed / derivativeNorm : .infinity)
    }

    mutating func compare(stacked: [Double], separate: [Double]) {
        let scale = separate.reduce(1e-30) { max($0, abs($1)) }
        for (first, second) in zip(stacked, separate) {
            let distance = abs(first - second) / scale
            stackedDeviation = max(stackedDeviation, distance.isFinite ? distance : .infinity)
        }
    }
}

extension DerivativeResult: CustomStringConvertible {
    public var description: String {
        "deviation \(deviation) of the bound, which is \(bound) of the derivative; "
            + "stacked against separate walks \(stackedDeviation)"
    }
}
