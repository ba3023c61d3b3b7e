/// The mean of values that carry their weight already: `Σ values / Σ weights`.
///
/// Operands: values `[count]`, weights `[count]`, result `[2]`: the mean and `1 / Σ weights`. Both are 0 where the weights
/// sum to 0, so that a batch without a single label costs nothing and teaches nothing.
public struct WeightedMean: PrimitiveDescription {
    public var count: Int

    public init(count: Int) { self.count = count }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 8 * count + 8 }
}
