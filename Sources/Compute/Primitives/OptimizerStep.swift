/// One step of an optimizer over a range of parameters, in one launch.
///
/// Operands: values `[count]`, gradients `[count]`, the state vectors of the rule (each `[count]`) and, if
/// ``scaled``, one element that multiplies every gradient first (clipping).
public struct OptimizerStep: PrimitiveDescription {
    public enum Rule: Hashable, Sendable {
        /// `g += decay·w; v = momentum·v + g; w -= rate·(nesterov ? g + momentum·v : v)`.
        /// State: v, only with momentum. Scalars: rate, momentum, weight decay.
        case sgd(momentum: Bool, nesterov: Bool)
        /// Adam (Kingma, Ba, ICLR 2015): `m = β₁m + (1-β₁)g; s = β₂s + (1-β₂)g²;
        /// w -= rate·(m / c₁) / (√(s / c₂) + ε)` with `c = 1 - βᵗ`. Weight decay is added to the gradient, or, if
        /// decoupled, taken from the weight first: `w -= rate·decay·w` (AdamW: Loshchilov, Hutter, ICLR 2019).
        /// State: m, s. Scalars: rate, β₁, β₂, ε, weight decay, c₁, c₂.
        case adam(decoupledDecay: Bool)
    }

    public var rule: Rule
    public var count: Int
    public var scaled: Bool

    public init(_ rule: Rule, count: Int, scaled: Bool = false) {
        self.rule = rule
        self.count = count
        self.scaled = scaled
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int {
        switch rule {
        case .sgd(let momentum, _): 4 * count * (momentum ? 5 : 3)
        case .adam: 4 * count * 7
        }
    }
}
