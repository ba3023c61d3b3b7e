import Compute

/// What an element of a tensor is; both take four bytes.
public enum ElementType: UInt8, Hashable, Sendable { case float32, int32 }

/// A dense, row-major array on a device.
///
/// A tensor is a value: operations return new tensors and never change their inputs. Memory is shared until the last
/// tensor that uses it is gone. Where an input is watched by a ``Tape``, operations record themselves on it.
public struct Tensor {
    /// Where the first element lies.
    public private(set) var storage: Operand
    public let shape: Shape
    public let elementType: ElementType
    /// The tensor's place on a tape, if its derivative is wanted.
    let trace: Trace?

    struct Trace {
        let tape: Tape
        let node: Int
    }

    init(storage: Operand, shape: Shape, elementType: ElementType, trace: Trace?) {
        self.storage = storage
        self.shape = shape
        self.elementType = elementType
        self.trace = trace
    }

    /// A view of memory that exists already.
    ///
    /// - Precondition: the elements lie inside the buffer.
    public init(viewing storage: Operand, shape: Shape, elementType: ElementType = .float32) {
        precondition(
            (storage.offset + shape.count) * 4 <= storage.buffer.byteCount,
            "a view of shape \(shape) at element \(storage.offset) leaves its buffer of \(storage.buffer.byteCount) bytes")
        self.init(storage: storage, shape: shape, elementType: elementType, trace: nil)
    }

    /// A tensor with undefined content, for an operation to write to.
    public init(
        uninitialized shape: Shape, elementType: ElementType = .float32, on device: any Device
    ) throws(ComputeError) {
        self.init(
            storage: Operand(try device.allocate(count: Swift.max(shape.count, 1))), shape: shape, elementType: elementType,
            trace: nil)
    }

    /// Copies host values to a device.
    ///
    /// - Precondition: as many values as the shape has elements.
    public init(_ values: [Float], shape: Shape, on device: any Device) throws(ComputeError) {
        try self.init(hostValues: values, shape: shape, elementType: .float32, on: device)
    }

    /// Copies host integers (labels, indices) to a device.
    public init(_ values: [Int32], shape: Shape, on device: any Device) throws(ComputeError) {
        try self.init(hostValues: values, shape: shape, elementType: .int32, on: device)
    }

    private init<Element>(
        hostValues: [Element], shape: Shape, elementType: ElementType, on device: any Device
    ) throws(ComputeError) {
        precondition(hostValues.count == shape.count, "\(hostValues.count) values for a tensor of shape \(shape)")
        try self.init(uninitialized: shape, elementType: elementType, on: device)
        try upload(hostValues)
    }

    /// Replaces the elements in place, which every tensor that views the same memory sees: for parameters and states.
    ///
    /// - Precondition: as many values as elements.
    package func overwrite(with values: [Float]) throws(ComputeError) {
        precondition(values.count == count && elementType == .float32, "\(values.count) values for a tensor of shape \(shape)")
        try upload(values)
    }

    /// Takes over another tensor's elements in place.
    ///
    /// - Precondition: as many elements.
    package func overwrite(with other: Tensor) throws(ComputeError) {
        precondition(other.count == count, "a tensor of shape \(other.shape) in place of one of shape \(shape)")
        if count == 0 { return }
        try device.encode(
            .stridedCopy(StridedCopy(extents: [count], sourceStrides: [1], destinationStrides: [1])),
            [other.storage, storage])
    }

    /// A copy in memory of its own.
    package func duplicated() throws(ComputeError) -> Tensor {
        let copy = try Tensor(uninitialized: shape, elementType: elementType, on: device)
        try copy.overwrite(with: self)
        return copy
    }

    private func upload<Element>(_ values: [Element]) throws(ComputeError) {
        let result = values.withUnsafeBytes { bytes in
            Result { () throws(ComputeError) in try device.upload(bytes, to: storage) }
        }
        try result.get()
    }

    /// A scalar.
    public init(_ value: Float, on device: any Device) throws(ComputeError) {
        try self.init([value], shape: .scalar, on: device)
    }

    /// Whether no other tensor shares the memory.
    mutating func isUniquelyReferenced() -> Bool { storage.isUniquelyReferenced() }

    public var device: any Device { storage.buffer.device }
    public var count: Int { shape.count }

    /// The same values without a place on a tape.
    public var detached: Tensor { Tensor(storage: storage, shape: shape, elementType: elementType, trace: nil) }

    /// The elements, after everything encoded so far has run.
    ///
    /// - Precondition: the elements are Float32.
    public func floats() throws(ComputeError) -> [Float] {
        precondition(elementType == .float32, "floats() of a tensor of Int32")
        return try download(repeating: 0)
    }

    /// The elements of an integer tensor, after everything encoded so far has run.
    public func integers() throws(ComputeError) -> [Int32] {
        precondition(elementType == .int32, "integers() of a tensor of Float32")
        return try download(repeating: 0)
    }

    /// The only element.
    public func scalar() throws(ComputeError) -> Float {
        precondition(count == 1, "scalar() of a tensor of shape \(shape)")
        return try floats()[0]
    }

    private func download<Element>(repeating zero: Element) throws(ComputeError) -> [Element] {
        var values = [Element](repeating: zero, count: count)
        if count == 0 { return values }
        let result = values.withUnsafeMutableBytes { bytes in
            Result { () throws(ComputeError) in try device.download(storage, into: bytes) }
        }
        try result.get()
        return values
    }
}

extension Tensor: CustomStringConvertible {
    public var description: String { "Tensor\(shape) on \(device.information.identifier)" }
}
