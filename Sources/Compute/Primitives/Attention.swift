/// Multi-head attention of sequences to themselves: per sample and head `softmax(scale·Q·Kᵀ)·V` over the visible keys.
///
/// Operands: queries, keys and values `[rows, heads, width]`; what ``layout`` needs; result `[rows, heads, width]`;
/// normalizers `[samples, heads, length]`, the logarithms of the sums that the weights were divided by. Scalars: scale.
///
/// The weights are not kept: the derivative computes them again from the normalizers. A query that sees no key has the
/// result 0 and the normalizer +∞. Rows and normalizers of packed sequences that belong to no place are not written.
///
/// Sources: Vaswani et al., "Attention Is All You Need", NeurIPS 2017; Dao et al., "FlashAttention", NeurIPS 2022, for
/// keeping normalizers instead of weights.
public struct Attention: PrimitiveDescription {
    /// How the sequences of the samples lie in the rows.
    public enum Layout: UInt8, Hashable, Sendable, CaseIterable {
        /// All are equally long.
        case uniform
        /// Likewise, with Int32 `[samples, length]`, 0 where nobody sees a key (padding).
        case masked
        /// One behind the other without padding, with ascending Int32 `[samples + 1]`: the first row of every sample, and
        /// the end of the last one.
        case packed
    }

    public var samples: Int
    /// The length of the longest sequence.
    public var length: Int
    /// Rows of queries, keys and values; `samples · length` unless they are packed.
    public var rows: Int
    public var heads: Int
    /// Elements of a query, key or value of one head.
    public var width: Int
    public var layout: Layout
    /// Whether a query sees no later key than the one at its own place.
    public var causal: Bool

    /// - Parameter rows: of packed sequences.
    public init(
        samples: Int, length: Int, heads: Int, width: Int, layout: Layout = .uniform, rows: Int? = nil,
        causal: Bool = false
    ) {
        precondition(
            (layout == .packed) == (rows != nil), "Attention: \(layout) with \(rows.map { "\($0)" } ?? "no") rows")
        self.samples = samples
        self.length = length
        self.rows = rows ?? samples * length
        self.heads = heads
        self.width = width
        self.layout = layout
        self.causal = causal
    }

    /// Elements of the queries.
    public var count: Int { rows * heads * width }

    public var floatingPointOperations: Int { 4 * count * length }
    public var bytesMoved: Int { 16 * count }
}

/// The derivative of ``Attention`` by queries, keys and values.
///
/// Operands: queries, keys, values, what the layout needs, result and normalizers of the forward pass, deltas
/// `[tasks, rows, heads, width]`, gradients of queries, keys and values, `[tasks, …]` each.
/// Scalars: scale.
public struct AttentionGradient: PrimitiveDescription {
    public var attention: Attention
    public var tasks: Int

    public init(_ attention: Attention, tasks: Int = 1) {
        self.attention = attention
        self.tasks = tasks
    }

    public var floatingPointOperations: Int { (2 + 8 * tasks) * attention.count * attention.length }
    public var bytesMoved: Int { 16 * (1 + tasks) * attention.count }
}
