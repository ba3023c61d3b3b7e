import Compute

/// Numbers in host memory with a shape: what a dataset produces and a device takes.
public struct HostTensor: Hashable, Sendable {
    /// The elements in row-major order, four bytes each.
    public enum Storage: Hashable, Sendable {
        case float([Float])
        case int([Int32])
    }

    public let shape: Shape
    public let storage: Storage

    /// - Precondition: `values` fill `shape` exactly.
    public init(_ values: [Float], shape: Shape) { self.init(.float(values), count: values.count, shape: shape) }

    /// - Precondition: `values` fill `shape` exactly.
    public init(_ values: [Int32], shape: Shape) { self.init(.int(values), count: values.count, shape: shape) }

    private init(_ storage: Storage, count: Int, shape: Shape) {
        precondition(count == shape.count, "HostTensor: \(count) values for shape \(shape), which has \(shape.count)")
        self.shape = shape
        self.storage = storage
    }

    /// Number of elements.
    public var count: Int { shape.count }

    /// The elements, or nil where they are integers.
    public var floats: [Float]? {
        if case .float(let values) = storage { values } else { nil }
    }

    /// The elements, or nil where they are floating-point numbers.
    public var ints: [Int32]? {
        if case .int(let values) = storage { values } else { nil }
    }

    /// Lends the elements' memory, `4 * count` bytes, without a copy: the argument of `Device.upload(_:to:)`.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch storage {
        case .float(let values):
            try values.withUnsafeBufferPointer { (elements) throws(Failure) in
                try body(UnsafeRawBufferPointer(elements))
            }
        case .int(let values):
            try values.withUnsafeBufferPointer { (elements) throws(Failure) in
                try body(UnsafeRawBufferPointer(elements))
            }
        }
    }
}
