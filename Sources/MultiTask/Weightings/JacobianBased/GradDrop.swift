import Compute

/// Gradient sign dropout (GradDrop): every element of the direction comes from gradients of one sign.
///
/// Per element `P = ½(1 + Σg/Σ|g|)`, and a random number U in [0, 1) decides: where P > U the positive gradients are added,
/// elsewhere the negative ones. The share `leak` of what is dropped is let through.
///
/// O(K·n) for n shared parameters, in the memory of two rows besides J.
///
/// Parameter: `leak` = 0.
///
/// Source: Chen et al., "Just Pick a Sign: Optimizing Deep Multitask Models with Gradient Sign Dropout", NeurIPS 2020.
public struct GradDrop: JacobianAggregator {
    public static let name = "graddrop"
    public static let reduction = Reduction.sum
    public static let yieldsWeights = false

    public var leak: Double
    private var position: RandomPosition

    /// - Precondition: `leak` in 0...1.
    public init(leak: Double = 0, seed: UInt64) {
        precondition((0...1).contains(leak), "GradDrop: leak \(leak)")
        self.leak = leak
        position = RandomPosition(seed: seed, stream: Philox.stream(named: GradDrop.name))
    }

    public init(_ parameters: inout MethodParameters) throws(WeightingError) {
        self.init(leak: try parameters.share("leak", default: 0), seed: parameters.seed)
    }

    public mutating func aggregate<Rows: GradientRows>(
        _ rows: Rows, memory: inout RowMemory<Rows>, in step: StepContext
    ) throws -> Aggregate<Rows> {
        let ones = [Double](repeating: 1, count: rows.rowCount)
        let sum = try rows.combined(with: ones)
        let magnitude = try rows.absolute().combined(with: ones)
        let positive = try (magnitude + sum).scaled(by: [0.5])
        let negative = try (sum - magnitude).scaled(by: [0.5])
        // P > U without the division: positive > U·magnitude.
        let threshold = try rows.uniform(at: position) * magnitude
        position = position.advanced(by: rows.columnCount)
        let keepsPositive = try positive.greater(than: threshold)
        let keepsNegative = try keepsPositive.affine(scale: -1, shift: 1)
        var direction = try keepsPositive * positive + keepsNegative * negative
        if leak > 0 { direction = try direction.scaled(by: [1 - leak]) + sum.scaled(by: [leak]) }
        return Aggregate(direction: direction, weights: nil)
    }
}
