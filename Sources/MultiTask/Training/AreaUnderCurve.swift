/// The area under the receiver operating characteristic: the probability that a positive sample has a higher score than
/// a negative one, ties counting half.
///
/// Exact: computed from the ranks of the positive samples, where samples of the same score share their mean rank.
/// O(n log n).
///
/// Source: Hanley, McNeil, "The Meaning and Use of the Area under a Receiver Operating Characteristic (ROC) Curve",
/// Radiology 143, 1982.
public struct AreaUnderCurve: Sendable {
    private var samples: [(score: Float, isPositive: Bool)] = []

    public init() {}

    /// Adds a sample; the scale of the scores does not matter.
    public mutating func add(score: Float, isPositive: Bool) { samples.append((score, isPositive)) }

    /// The area, or nil where all samples are of one kind or a score is not a number.
    public var value: Double? {
        let positives = samples.count { $0.isPositive }
        let negatives = samples.count - positives
        guard positives > 0, negatives > 0, !samples.contains(where: { $0.score.isNaN }) else { return nil }
        let sorted = samples.sorted { $0.score < $1.score }
        var rankSum = 0.0
        var first = 0
        while first < sorted.count {
            var last = first
            var tied = 0
            while last < sorted.count, sorted[last].score == sorted[first].score {
                if sorted[last].isPositive { tied += 1 }
                last += 1
            }
            // Ranks count from 1, so those of the positions first..<last have this mean.
            rankSum += Double(tied) * Double(first + 1 + last) / 2
            first = last
        }
        let count = Double(positives)
        return (rankSum - count * (count + 1) / 2) / (count * Double(negatives))
    }
}
