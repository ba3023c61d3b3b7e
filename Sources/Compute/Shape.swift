/// The extents of a tensor, outermost axis first.
///
/// A plain value without heap storage, because shapes are made and compared on every operation.
public struct Shape: Hashable, Sendable {
    /// The largest number of axes.
    public static let maximumRank = 8

    /// Number of axes; a scalar has none.
    public private(set) var rank: Int
    private var extents: SIMD8<Int32>

    /// - Precondition: at most ``maximumRank`` extents, none negative, each below 2³¹.
    public init(_ dimensions: some Sequence<Int>) {
        rank = 0
        extents = SIMD8(repeating: 1)
        for dimension in dimensions {
            precondition(rank < Shape.maximumRank, "Shape: more than \(Shape.maximumRank) axes")
            precondition(dimension >= 0, "Shape: extent \(dimension) of axis \(rank) is negative")
            extents[rank] = Int32(dimension)
            rank += 1
        }
    }

    /// The shape of a scalar.
    public static let scalar = Shape([])

    /// Number of elements.
    public var count: Int {
        var product = 1
        for axis in 0..<rank { product *= Int(extents[axis]) }
        return product
    }

    /// The shape with `extent` put in front.
    public func prepending(_ extent: Int) -> Shape { Shape([extent] + Array(self)) }

    /// The row-major strides of a dense tensor of this shape, in elements.
    public var strides: Shape {
        var result = self
        var stride: Int32 = 1
        for axis in (0..<rank).reversed() {
            result.extents[axis] = stride
            stride *= Swift.max(extents[axis], 1)
        }
        return result
    }


    /// Turns an axis counted from the end (-1 is the last) into one counted from the front.
    ///
    /// - Precondition: the axis exists.
    public func axis(_ axis: Int) -> Int {
        let resolved = axis < 0 ? axis + rank : axis
        precondition(resolved >= 0 && resolved < rank, "axis \(axis) of a tensor of shape \(self)")
        return resolved
    }

    /// The shape that two shapes broadcast to, or nil if they do not: axes are aligned at the end, and an extent of 1
    /// stretches, as in NumPy.
    public func broadcast(with other: Shape) -> Shape? {
        let rank = Swift.max(rank, other.rank)
        var result = [Int](repeating: 1, count: rank)
        for fromEnd in stride(from: 1, through: rank, by: 1) {
            let mine = fromEnd <= self.rank ? self[self.rank - fromEnd] : 1
            let theirs = fromEnd <= other.rank ? other[other.rank - fromEnd] : 1
            guard mine == theirs || mine == 1 || theirs == 1 else { return nil }
            result[rank - fromEnd] = mine == 1 ? theirs : mine
        }
        return Shape(result)
    }
}

/// A shape is a sequence of extents, but no collection: its ``count`` is that of a tensor's elements.
extension Shape: Sequence {
    public struct Iterator: IteratorProtocol {
        fileprivate let shape: Shape
        fileprivate var axis = 0

        public mutating func next() -> Int? {
            guard axis < shape.rank else { return nil }
            defer { axis += 1 }
            return shape[axis]
        }
    }

    public func makeIterator() -> Iterator { Iterator(shape: self) }

    /// The numbers of the axes.
    public var indices: Range<Int> { 0..<rank }
    /// The outermost extent, nil for a scalar.
    public var first: Int? { rank > 0 ? self[0] : nil }
    /// The innermost extent, nil for a scalar.
    public var last: Int? { rank > 0 ? self[rank - 1] : nil }

    public subscript(axis: Int) -> Int {
        get {
            precondition(axis >= 0 && axis < rank, "axis \(axis) of a shape of rank \(rank)")
            return Int(extents[axis])
        }
        set {
            precondition(axis >= 0 && axis < rank, "axis \(axis) of a shape of rank \(rank)")
            extents[axis] = Int32(newValue)
        }
    }

    /// The extents of some neighbouring axes.
    public subscript(axes: some RangeExpression<Int>) -> [Int] { axes.relative(to: indices).map { self[$0] } }
}

extension Shape: ExpressibleByArrayLiteral, CustomStringConvertible {
    public init(arrayLiteral elements: Int...) { self.init(elements) }
    public var description: String { "[" + map(String.init).joined(separator: ", ") + "]" }
}
