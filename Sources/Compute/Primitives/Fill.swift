/// Sets every element to one value. Operands: output. Scalars: the value.
public struct Fill: PrimitiveDescription {
    public var count: Int

    public init(count: Int) { self.count = count }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 4 * count }
}
