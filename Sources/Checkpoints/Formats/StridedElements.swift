/// Where the elements of a tensor lie in a block of memory, which may hold them in any order.
struct StridedElements: Hashable, Sendable {
    let shape: [Int]
    /// Elements between neighbours along each axis.
    let strides: [Int]
    /// Elements before the first one.
    let offset: Int
    /// Bytes of an element: 1, 2, 4 or 8.
    let elementSize: Int

    /// Checks that every element lies within a block, and that the tensor has no more elements than the block.
    ///
    /// A tensor that repeats elements (a stride of 0) could be larger than its file by any factor.
    ///
    /// - Returns: nil where that is not so.
    init?(shape: [Int], strides: [Int], offset: Int, elementSize: Int, available: Int) {
        guard shape.count == strides.count, offset >= 0, available >= 0, !strides.contains(where: { $0 < 0 }) else {
            return nil
        }
        var last = offset
        var count = 1
        var isEmpty = false
        for (extent, stride) in zip(shape, strides) {
            guard extent >= 0 else { return nil }
            if extent == 0 { isEmpty = true; continue }
            let (distance, tooFar) = stride.multipliedReportingOverflow(by: extent - 1)
            let (position, overflow) = last.addingReportingOverflow(distance)
            let (product, tooMany) = count.multipliedReportingOverflow(by: extent)
            guard !tooFar, !overflow, !tooMany else { return nil }
            last = position
            count = product
        }
        guard isEmpty || (last < available && count <= available) else { return nil }
        self.shape = shape
        self.strides = strides
        self.offset = isEmpty ? 0 : offset
        self.elementSize = elementSize
    }

    /// Number of elements.
    var count: Int { shape.reduce(1, *) }

    /// Whether the elements lie one after the other in row-major order.
    var isContiguous: Bool {
        var expected = 1
        for (extent, stride) in zip(shape, strides).reversed() where extent != 1 {
            guard stride == expected else { return shape.contains(0) }
            expected *= extent
        }
        return true
    }

    /// Lends the elements in row-major order; copies them only where they lie in another.
    func withUnsafeBytes<Result>(
        of block: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        if isContiguous {
            let start = offset * elementSize
            return body(UnsafeRawBufferPointer(rebasing: block[start..<start + count * elementSize]))
        }
        switch elementSize {
        case 1: return withCopy(of: block, as: UInt8.self, body)
        case 2: return withCopy(of: block, as: UInt16.self, body)
        case 4: return withCopy(of: block, as: UInt32.self, body)
        default: return withCopy(of: block, as: UInt64.self, body)
        }
    }

    private func withCopy<Element: BitwiseCopyable, Result>(
        of block: UnsafeRawBufferPointer, as type: Element.Type, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        let copy = [Element](unsafeUninitializedCapacity: count) { elements, initialized in
            var index = [Int](repeating: 0, count: shape.count)
            var position = offset
            for element in 0..<count {
                elements.initializeElement(
                    at: element,
                    to: block.loadUnaligned(fromByteOffset: position * MemoryLayout<Element>.size, as: type))
                // Counts up like an odometer, the last axis first.
                var axis = shape.count - 1
                while axis >= 0 {
                    index[axis] += 1
                    position += strides[axis]
                    if index[axis] < shape[axis] { break }
                    position -= strides[axis] * shape[axis]
                    index[axis] = 0
                    axis -= 1
                }
            }
            initialized = count
        }
        return copy.withUnsafeBytes(body)
    }
}
