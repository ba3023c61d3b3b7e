import Compute

/// What one element of a result must be.
enum Expected: Sendable {
    /// Within the estimate's error of its value; exactly the value where the error is 0.
    case near(Estimate)
    /// These bits: integers, and copies.
    case bits(UInt32)
    /// Not written.
    case untouched
}

/// One run of a primitive: its operands with their contents, and what must be in them afterwards.
struct Trial {
    /// How operands lie in buffers.
    enum Placement: CaseIterable {
        /// A buffer for each, behind a guard that keeps vector alignment.
        case aligned
        /// A buffer for each, at odd offsets.
        case odd
        /// All in one buffer, one behind the other.
        case shared
    }

    /// Memory that one operand, or several that coincide, stand for.
    struct Region {
        var name: String
        var contents: [UInt32]
        /// Nil for an input, which must not change.
        var expected: [Expected]?
        /// What surrounds the region.
        var guardElement = Trial.canary
    }

    /// A NaN that no computation produces. It surrounds every region and fills results before they are computed, so that
    /// whoever reads or writes too much is seen.
    static let canary: UInt32 = 0x7FE5_A5A5

    let primitive: Primitive
    var scalars: [Float] = []
    var random: RandomPosition?
    private(set) var regions: [Region] = []
    /// The region of every operand.
    private(set) var operands: [Int] = []

    init(_ primitive: Primitive, scalars: [Float] = [], random: RandomPosition? = nil) {
        self.primitive = primitive
        self.scalars = scalars
        self.random = random
    }

    mutating func input(_ name: String, _ contents: [Float]) { input(name, bits: contents.map(\.bitPattern)) }

    /// Indices. Zeros surround them, so that a device which reads too many does not follow one out of its memory.
    mutating func input(_ name: String, integers: [Int32]) {
        input(name, bits: integers.map(UInt32.init(bitPattern:)))
        regions[regions.count - 1].guardElement = 0
    }

    mutating func input(_ name: String, bits: [UInt32]) {
        operands.append(regions.count)
        regions.append(Region(name: name, contents: bits))
    }

    /// A result, which holds `contents` before or, without them, canaries.
    mutating func output(_ name: String, _ expected: [Expected], contents: [UInt32]? = nil) {
        operands.append(regions.count)
        let contents = contents ?? [UInt32](repeating: Trial.canary, count: expected.count)
        precondition(
            contents.count == expected.count, "\(name): \(contents.count) elements, \(expected.count) expected")
        regions.append(Region(name: name, contents: contents, expected: expected))
    }

    mutating func output(_ name: String, _ expected: [Estimate], contents: [Float]? = nil) {
        precondition(expected.allSatisfy(\.error.isFinite), "\(primitive): \(name) has an element without a bound")
        output(name, expected.map(Expected.near), contents: contents?.map(\.bitPattern))
    }

    mutating func output(_ name: String, integers: [Int32]) {
        output(name, integers.map { Expected.bits(UInt32(bitPattern: $0)) })
    }

    /// A result that replaces the input given as operand `position`.
    mutating func output(inPlaceOf position: Int, _ expected: [Estimate]) {
        operands.append(operands[position])
        regions[operands[position]].expected = expected.map(Expected.near)
    }
}

extension Trial {
    /// Runs the primitive twice on the same contents and compares every element of every buffer.
    func run(on device: any Device, placement: Placement) throws(ComputeError) -> ConformanceResult {
        let layout = Layout(regions, placement: placement)
        let images = layout.images(of: regions)
        var buffers: [Buffer] = []
        for image in images { buffers.append(try device.allocate(count: image.count)) }
        let places = operands.map { Operand(buffers[layout.buffers[$0]], offset: layout.offsets[$0]) }

        var runs: [[[UInt32]]] = []
        for _ in 0..<2 {
            for (image, buffer) in zip(images, buffers) { try device.upload(image, to: Operand(buffer)) }
            try device.encode(primitive, places, scalars: scalars, random: random)
            var results: [[UInt32]] = []
            for (image, buffer) in zip(images, buffers) {
                results.append(try device.download(count: image.count, from: Operand(buffer)))
            }
            runs.append(results)
        }
        var result = layout.compare(runs[0], with: regions)
        layout.compareRuns(runs[0], runs[1], regions: regions, into: &result)
        return result
    }
}

/// Where every region lies, with guards before and behind.
private struct Layout {
    private(set) var buffers: [Int] = []
    private(set) var offsets: [Int] = []
    private var frontGuards: [Int] = []
    private(set) var counts: [Int] = []
    /// Elements of every buffer.
    private(set) var sizes: [Int] = []

    private let guardCount = 64

    init(_ regions: [Trial.Region], placement: Trial.Placement) {
        for (index, region) in regions.enumerated() {
            let newBuffer = placement != .shared || index == 0
            if newBuffer { sizes.append(0) }
            let buffer = sizes.count - 1
            // Odd offsets differ from operand to operand, so that one cannot stand for another.
            let frontGuard = placement == .aligned ? guardCount : guardCount - 1 - 2 * index
            let offset = sizes[buffer] + frontGuard
            buffers.append(buffer)
            frontGuards.append(frontGuard)
            offsets.append(offset)
            counts.append(region.contents.count)
            sizes[buffer] = offset + region.contents.count + guardCount
        }
    }

    func images(of regions: [Trial.Region]) -> [[UInt32]] {
        var images = sizes.map { [UInt32](repeating: Trial.canary, count: $0) }
        for (index, region) in regions.enumerated() {
            let elements = offsets[index]..<offsets[index] + counts[index]
            for position in elements.lowerBound - frontGuards[index]..<elements.upperBound + guardCount {
                images[buffers[index]][position] = region.guardElement
            }
            images[buffers[index]].replaceSubrange(elements, with: region.contents)
        }
        return images
    }

    func compare(_ found: [[UInt32]], with regions: [Trial.Region]) -> ConformanceResult {
        var result = ConformanceResult()
        let original = images(of: regions)
        var computed = sizes.map { [Bool](repeating: false, count: $0) }
        for (index, region) in regions.enumerated() {
            for (element, expected) in (region.expected ?? []).enumerated() {
                let position = offsets[index] + element
                let bits = found[buffers[index]][position]
                switch expected {
                case .untouched: continue
                case .bits(let expected):
                    if bits != expected {
                        result.record(
                            .integer(
                                operand: region.name, index: element, found: Int32(bitPattern: bits),
                                expected: Int32(bitPattern: expected)))
                    }
                case .near(let estimate):
                    result.check(Float(bitPattern: bits), against: estimate, operand: region.name, index: element)
                }
                computed[buffers[index]][position] = true
            }
        }
        for buffer in found.indices where found[buffer] != original[buffer] {
            for position in found[buffer].indices
            where !computed[buffer][position] && found[buffer][position] != original[buffer][position] {
                let (operand, element) = nearest(to: position, in: buffer, regions: regions)
                result.record(.untouchedElementChanged(operand: operand, index: element, bits: found[buffer][position]))
            }
        }
        return result
    }

    func compareRuns(
        _ first: [[UInt32]], _ second: [[UInt32]], regions: [Trial.Region], into result: inout ConformanceResult
    ) {
        for buffer in first.indices where first[buffer] != second[buffer] {
            for position in first[buffer].indices where first[buffer][position] != second[buffer][position] {
                let (operand, element) = nearest(to: position, in: buffer, regions: regions)
                result.record(
                    .notRepeatable(
                        operand: operand, index: element, first: first[buffer][position],
                        second: second[buffer][position]))
            }
        }
    }

    /// The region that a position belongs to or follows, with its index there; before the first region it is negative.
    private func nearest(to position: Int, in buffer: Int, regions: [Trial.Region]) -> (name: String, index: Int) {
        let candidates = regions.indices.filter { buffers[$0] == buffer }
        let region = candidates.last { offsets[$0] <= position } ?? candidates[0]
        return (regions[region].name, position - offsets[region])
    }
}

extension Device {
    fileprivate func upload(_ elements: [UInt32], to operand: Operand) throws(ComputeError) {
        try elements.withUnsafeBufferPointer { elements throws(ComputeError) in
            try upload(UnsafeRawBufferPointer(elements), to: operand)
        }
    }

    fileprivate func download(count: Int, from operand: Operand) throws(ComputeError) -> [UInt32] {
        var elements = [UInt32](repeating: 0, count: count)
        try elements.withUnsafeMutableBufferPointer { elements throws(ComputeError) in
            try download(operand, into: UnsafeMutableRawBufferPointer(elements))
        }
        return elements
    }
}
