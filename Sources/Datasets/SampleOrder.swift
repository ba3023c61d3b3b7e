import Compute

/// In which order an epoch visits the samples.
///
/// The order is a function of the seed, the epoch and the number of samples alone, so a run that is resumed sees the same
/// batches as one that was never interrupted.
public enum SampleOrder: Hashable, Sendable {
    /// As the dataset has them: for evaluation.
    case sequential
    /// A new permutation every epoch.
    case shuffled(seed: UInt64)

    /// The samples' indices in the order of an epoch.
    ///
    /// - Precondition: `epoch` is in `0..<2²⁴`.
    public func indices(count: Int, epoch: Int) -> [Int] {
        switch self {
        case .sequential:
            return Array(0..<count)
        case .shuffled(let seed):
            precondition(epoch >= 0 && epoch < 1 << 24, "SampleOrder: epoch \(epoch), expected 0..<2²⁴")
            // An epoch has 2⁴⁰ blocks of the stream to itself, more than a permutation can use.
            var generator = Philox(
                RandomPosition(seed: seed, stream: Philox.stream(named: "shuffle"), block: UInt64(epoch) << 40))
            return generator.permutation(of: count)
        }
    }
}
