/// Folds the middle axis of `[outer, axis, inner]`, which leaves `[outer, inner]`.
///
/// Operands: input, result (Float32; Int32 indices along the axis for `argmax`, the first one among equals).
/// Sums run over a fixed tree, so that a result does not depend on timing. NaN in a line makes its result NaN; `argmax`
/// takes the first NaN for the largest element.
public struct Reduction: PrimitiveDescription {
    public enum Function: UInt8, Hashable, Sendable, CaseIterable {
        case sum, mean, maximum, minimum, sumOfSquares
        /// `log Σ exp x`, computed around the maximum; an infinite maximum is the result.
        case logSumExp
        case argmax
    }

    public var function: Function
    public var outer: Int
    public var axis: Int
    public var inner: Int

    public init(_ function: Function, outer: Int, axis: Int, inner: Int) {
        precondition(axis > 0, "Reduction: an axis of extent 0")
        self.function = function
        self.outer = outer
        self.axis = axis
        self.inner = inner
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 4 * outer * inner * (axis + 1) }
}
