/// Copies a box of elements between two strided layouts: the one primitive behind slice, concatenate, transpose and pad.
///
/// Operands: source, destination; their offsets are the box's first element. Elements may be Float32 or Int32, which only
/// ``accumulates`` tells apart.
public struct StridedCopy: PrimitiveDescription {
    public var extents: Shape
    public var sourceStrides: Shape
    public var destinationStrides: Shape
    /// Adds to the destination (Float32) instead of overwriting it.
    public var accumulates: Bool

    /// - Precondition: the three have the same rank, at least 1.
    public init(extents: Shape, sourceStrides: Shape, destinationStrides: Shape, accumulates: Bool = false) {
        precondition(
            extents.rank == sourceStrides.rank && extents.rank == destinationStrides.rank && extents.rank > 0,
            "StridedCopy: extents \(extents), strides \(sourceStrides) and \(destinationStrides) differ in rank")
        self.extents = extents
        self.sourceStrides = sourceStrides
        self.destinationStrides = destinationStrides
        self.accumulates = accumulates
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 4 * extents.count * (accumulates ? 3 : 2) }
}
