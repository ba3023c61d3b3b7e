/// Draws every element from a distribution. Operands: output. Needs a random position.
///
/// Element `i` comes from word `i % 4` of block `i / 4` of ``Philox``, so all devices draw the same numbers (normal ones
/// up to the rounding of `log` and `cos`).
public struct RandomFill: PrimitiveDescription {
    public enum Distribution: UInt8, Hashable, Sendable, CaseIterable {
        /// `low + (high - low)·u` with u in [0, 1); rounding may reach `high`. Scalars: low, high.
        case uniform
        /// Scalars: mean, standard deviation. Box-Muller on word pairs (0, 1) and (2, 3) of a block: with
        /// `u = ((a >> 8) + 1)·2⁻²⁴` and `v = (b >> 8)·2⁻²⁴` they become `√(-2·log u)·cos 2πv` and `…·sin 2πv`.
        case normal
    }

    public var distribution: Distribution
    public var count: Int

    public init(_ distribution: Distribution, count: Int) {
        self.distribution = distribution
        self.count = count
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 4 * count }
}
