/// The mean of every element without its `trim` largest and `trim` smallest values.
///
/// O(trim·K·n) for n shared parameters, by bubbling extremes to the ends.
///
/// Parameter: `trim` = 1; there must be at least 2·trim + 1 tasks.
///
/// Source: Yin, Chen, Kannan, Bartlett, "Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates",
/// ICML 2018.
public struct TrimmedMean: JacobianAggregator {
    public static let name = "trimmed-mean"
    public static let reduction = Reduction.mean
    public static let yieldsWeights = false

    public var trim: Int

    /// - Precondition: `trim` is not negative.
    public init(trim: Int = 1) {
        precondition(trim >= 0, "TrimmedMean: trim \(trim)")
        self.trim = trim
    }

    public init(_ parameters: inout MethodParameters) throws(WeightingError) {
        trim = try parameters.integer("trim", default: 1, atLeast: 0)
    }

    public func aggregate<Rows: GradientRows>(
        _ rows: Rows, memory: inout RowMemory<Rows>, in step: StepContext
    ) throws -> Aggregate<Rows> {
        guard rows.rowCount > 2 * trim else {
            throw WeightingError.badTaskCount(
                method: TrimmedMean.name, found: rows.rowCount, expected: "at least \(2 * trim + 1)")
        }
        var kept = try (0..<rows.rowCount).map { try rows.selecting([$0]) }
        for _ in 0..<trim {
            for index in 1..<kept.count {
                let (lower, upper) = (kept[index - 1], kept[index])
                (kept[index - 1], kept[index]) = (try lower.minimum(upper), try lower.maximum(upper))
            }
            kept.removeLast()
            for index in (1..<kept.count).reversed() {
                let (lower, upper) = (kept[index - 1], kept[index])
                (kept[index - 1], kept[index]) = (try lower.minimum(upper), try lower.maximum(upper))
            }
            kept.removeFirst()
        }
        var sum = kept[0]
        for row in kept.dropFirst() { sum = try sum + row }
        return Aggregate(direction: try sum.scaled(by: [1 / Double(kept.count)]), weights: nil)
    }
}
