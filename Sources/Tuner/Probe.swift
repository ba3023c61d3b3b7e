import Compute

/// A piece of work that kernels are timed and checked on.
///
/// Operands hold small whole numbers, so that all sums are exact in Float32 whatever their order: a kernel is right
/// where every bit is that of the reference, and no tolerance hides a wrong element.
package struct Probe: Sendable {
    package let name: String
    let primitive: Primitive
    /// Elements of the operands that are read; they come first.
    let inputCounts: [Int]
    /// Elements of the result, the last operand.
    let resultCount: Int

    package init(_ name: String, _ primitive: Primitive, inputs: [Int], result: Int) {
        self.name = name
        self.primitive = primitive
        inputCounts = inputs
        resultCount = result
    }

    /// Operands lie between so many canaries.
    static let guardCount = 64
    /// A NaN that no computation produces.
    static let canary: UInt32 = 0x7FE5_A5A5

    /// Runs that make a sample: short work is repeated, so that its start does not count.
    var runsPerSample: Int {
        let description = primitive.description
        let work = max(description.floatingPointOperations, 8 * description.bytesMoved)
        return min(max(1, 100_000_000 / max(1, work)), 20)
    }

    /// The contents of an operand between its guards.
    private func image(ofInput index: Int) -> [UInt32] {
        var generator = Philox(seed: 0, stream: "\(name) \(index)")
        var image = [UInt32](repeating: Probe.canary, count: inputCounts[index] + 2 * Probe.guardCount)
        var word: UInt64 = 0
        for element in 0..<inputCounts[index] {
            if element % 16 == 0 { word = generator.next() }
            // -2 ... 2 from three bits.
            image[Probe.guardCount + element] = Float(Int(word & 7) * 5 / 8 - 2).bitPattern
            word >>= 4
        }
        return image
    }

    private var resultImage: [UInt32] {
        [UInt32](repeating: Probe.canary, count: resultCount + 2 * Probe.guardCount)
    }

    fileprivate var images: [[UInt32]] { inputCounts.indices.map(image(ofInput:)) + [resultImage] }
}

/// What a kernel did wrong.
package enum ProbeFailure: Error, Hashable, CustomStringConvertible {
    /// Elements are counted from the operand's first one; before it they are negative.
    case wroteOutside(probe: String, operand: Int, element: Int)
    case wrongResult(probe: String, element: Int, found: Float, expected: Float)

    package var description: String {
        switch self {
        case .wroteOutside(let probe, let operand, let element):
            "\(probe): wrote element \(element) of operand \(operand), where nothing may be written"
        case .wrongResult(let probe, let element, let found, let expected):
            "\(probe): element \(element) of the result is \(found), the CPU has \(expected)"
        }
    }
}

/// A probe whose operands are in the memory of a device, with the result that it must have.
package struct LoadedProbe {
    package let probe: Probe
    private let device: any Device
    private let images: [[UInt32]]
    private let buffers: [Buffer]

    /// - Parameter reference: computes the result that the device must agree with.
    package init(_ probe: Probe, on device: any Device, reference: any Device) throws(ComputeError) {
        self.probe = probe
        self.device = device
        var images = probe.images
        buffers = try LoadedProbe.load(images, on: device)
        let referenceBuffers = try LoadedProbe.load(images, on: reference)
        try LoadedProbe.encode(probe, referenceBuffers, on: reference)
        images[images.count - 1] = try LoadedProbe.download(
            images[images.count - 1].count, from: referenceBuffers[images.count - 1], on: reference)
        self.images = images
    }

    /// Puts everything back that a kernel may have written where it may not.
    package func restore() throws(ComputeError) {
        for (image, buffer) in zip(images, buffers) { try LoadedProbe.upload(image, to: buffer, on: device) }
    }

    /// Runs once, on a result full of canaries, and compares all memory with what it must hold.
    ///
    /// - Throws: ``ProbeFailure``, or what the device throws.
    package func check() throws {
        let blank = [UInt32](repeating: Probe.canary, count: probe.resultCount + 2 * Probe.guardCount)
        try LoadedProbe.upload(blank, to: buffers[buffers.count - 1], on: device)
        try run()
        for (operand, (image, buffer)) in zip(images, buffers).enumerated() {
            let found = try LoadedProbe.download(image.count, from: buffer, on: device)
            guard found != image else { continue }
            let isResult = operand == images.count - 1
            for position in image.indices {
                let (value, expected) = (Float(bitPattern: found[position]), Float(bitPattern: image[position]))
                // Both zeros are right.
                guard found[position] != image[position], value != expected else { continue }
                let element = position - Probe.guardCount
                guard isResult && (0..<probe.resultCount).contains(element) else {
                    throw ProbeFailure.wroteOutside(probe: probe.name, operand: operand, element: element)
                }
                throw ProbeFailure.wrongResult(probe: probe.name, element: element, found: value, expected: expected)
            }
        }
    }

    /// Seconds of one run, by the device's own clock, or by the host's where the device's stands still.
    package func sample() throws(ComputeError) -> Double {
        try device.synchronize()
        device.profile = Profile()
        defer { device.profile = nil }
        let start = ContinuousClock.now
        for _ in 0..<probe.runsPerSample { try run() }
        try device.synchronize()
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        let measured = device.profile?.entries[probe.primitive]?.seconds ?? 0
        return (measured > 0 ? measured : elapsed) / Double(probe.runsPerSample)
    }

    private func run() throws(ComputeError) { try LoadedProbe.encode(probe, buffers, on: device) }

    private static func encode(_ probe: Probe, _ buffers: [Buffer], on device: any Device) throws(ComputeError) {
        try device.encode(probe.primitive, buffers.map { Operand($0, offset: Probe.guardCount) })
    }

    private static func load(_ images: [[UInt32]], on device: any Device) throws(ComputeError) -> [Buffer] {
        var buffers: [Buffer] = []
        for image in images {
            let buffer = try device.allocate(count: image.count)
            try upload(image, to: buffer, on: device)
            buffers.append(buffer)
        }
        return buffers
    }

    private static func upload(_ image: [UInt32], to buffer: Buffer, on device: any Device) throws(ComputeError) {
        try image.withUnsafeBufferPointer { image throws(ComputeError) in
            try device.upload(UnsafeRawBufferPointer(image), to: Operand(buffer))
        }
    }

    private static func download(
        _ count: Int, from buffer: Buffer, on device: any Device
    ) throws(ComputeError) -> [UInt32] {
        var image = [UInt32](repeating: 0, count: count)
        try image.withUnsafeMutableBufferPointer { image throws(ComputeError) in
            try device.download(Operand(buffer), into: UnsafeMutableRawBufferPointer(image))
        }
        return image
    }
}
