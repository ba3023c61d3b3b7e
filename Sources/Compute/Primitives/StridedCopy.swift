/// Copies a box of elements between two strided layouts: the one primitive behind slice, concatenate, transpose and pad.
///
/// Operands: source, destination; their offsets are the box's first element. Elements may be Float32 or Int32, which only
/// ``accumulates`` tells apart.
public struct StridedCopy: PrimitiveDescription {
    /// Extents of the box after neighbouring axes that behave alike were merged; at least one axis.
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
        let axes = MergedAxes(extents: extents, strides: [Array(sourceStrides), Array(destinationStrides)])
        self.extents = axes.extents
        self.sourceStrides = axes.strides[0]
        self.destinationStrides = axes.strides[1]
        self.accumulates = accumulates
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 4 * extents.count * (accumulates ? 3 : 2) }
}
