import Foundation

/// For every target position along an axis, the source positions that it sees and their weights.
///
/// Sources: Pillow's `Resample.c`; PyTorch's `UpSample.h`; TensorFlow's `resize_bicubic_op.cc`; Keys, "Cubic Convolution
/// Interpolation for Digital Image Processing", IEEE Transactions on Acoustics, Speech, and Signal Processing 29, 1981.
struct ResizeWeights {
    /// By target position: the first source position.
    private(set) var starts: [Int] = []
    /// By target position: the weights, one after the other.
    private(set) var weights: [[Double]] = []
    private let extent: Int

    init(_ resize: ImageResize, from source: Int, to target: Int) {
        extent = source
        let scale = Double(source) / Double(target)
        for position in 0..<target {
            let center = (Double(position) + 0.5) * scale
            if resize.antialias || resize.convention == .pillow {
                add(covered(by: resize.filter, center: center, scale: max(scale, 1)))
            } else {
                add(neighbours(of: center - 0.5, resize))
            }
        }
    }

    private mutating func add(_ taps: (start: Int, weights: [Double])) {
        starts.append(taps.start)
        weights.append(taps.weights)
    }

    /// All pixels under a filter that is stretched by `scale`; the weights are normalised over those inside.
    private func covered(
        by filter: ImageResize.Filter, center: Double, scale: Double
    ) -> (start: Int, weights: [Double]) {
        let support = scale * (filter == .bilinear ? 1 : 2)
        let first = max(Int(center - support + 0.5), 0)
        let last = max(min(Int(center + support + 0.5), extent), first + 1)
        var weights = (first..<last).map { source in
            let distance = (Double(source) - center + 0.5) / scale
            return filter == .bilinear ? max(0, 1 - abs(distance)) : ResizeWeights.cubic(distance, a: -0.5)
        }
        let sum = weights.reduce(0, +)
        if sum != 0 { for index in weights.indices { weights[index] /= sum } }
        return (first, weights)
    }

    /// The two or four pixels around a place, in pixels from the centre of the first one.
    private func neighbours(of place: Double, _ resize: ImageResize) -> (start: Int, weights: [Double]) {
        switch (resize.filter, resize.convention) {
        case (.bilinear, _):
            let clamped = min(max(place, 0), Double(extent - 1))
            let fraction = clamped - clamped.rounded(.down)
            return gathered(Int(clamped), [1 - fraction, fraction])
        case (.bicubic, .tensorFlow):
            // As TensorFlow, which looks the weights up in a table.
            let fraction = ((place - place.rounded(.down)) * 1024).rounded(.toNearestOrEven) / 1024
            let first = Int(place.rounded(.down)) - 1
            let taps = ResizeWeights.cubicTaps(fraction, a: -0.5).enumerated().filter {
                (0..<extent).contains(first + $0.offset)
            }
            let sum = taps.reduce(0) { $0 + $1.element }
            return (max(first, 0), taps.map { $0.element / sum })
        case (.bicubic, _):
            let fraction = place - place.rounded(.down)
            return gathered(Int(place.rounded(.down)) - 1, ResizeWeights.cubicTaps(fraction, a: -0.75))
        }
    }

    /// Weights from a first position on, of which those outside go to the pixels at the border.
    private func gathered(_ first: Int, _ taps: [Double]) -> (start: Int, weights: [Double]) {
        let places = taps.indices.map { min(max(first + $0, 0), extent - 1) }
        let start = places.min() ?? 0
        var weights = [Double](repeating: 0, count: (places.max() ?? 0) - start + 1)
        for (place, tap) in zip(places, taps) { weights[place - start] += tap }
        return (start, weights)
    }

    private static func cubicTaps(_ fraction: Double, a: Double) -> [Double] {
        [-1, 0, 1, 2].map { cubic($0 - fraction, a: a) }
    }

    /// Keys's filter.
    private static func cubic(_ distance: Double, a: Double) -> Double {
        let x = abs(distance)
        if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
        return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
    }

    /// Applies the weights along the middle axis of `[outer, extent, inner]`.
    func applied(_ values: [Float], outer: Int, inner: Int) -> [Float] {
        let factors = weights.map { $0.map(Float.init) }
        var result = [Float](repeating: 0, count: outer * starts.count * inner)
        for block in 0..<outer {
            for (position, start) in starts.enumerated() {
                let target = (block * starts.count + position) * inner
                for (tap, factor) in factors[position].enumerated() {
                    let source = (block * extent + start + tap) * inner
                    for index in 0..<inner { result[target + index] += factor * values[source + index] }
                }
            }
        }
        return result
    }

    /// The same in Pillow's fixed-point arithmetic.
    func applied(_ bytes: [UInt8], outer: Int, inner: Int) -> [UInt8] {
        let bits = 22
        let factors = weights.map { $0.map { Int(($0 * Double(1 << bits)).rounded(.toNearestOrAwayFromZero)) } }
        var result = [UInt8](repeating: 0, count: outer * starts.count * inner)
        var sums = [Int](repeating: 0, count: inner)
        for block in 0..<outer {
            for (position, start) in starts.enumerated() {
                for index in 0..<inner { sums[index] = 1 << (bits - 1) }
                for (tap, factor) in factors[position].enumerated() {
                    let source = (block * extent + start + tap) * inner
                    for index in 0..<inner { sums[index] += factor * Int(bytes[source + index]) }
                }
                let target = (block * starts.count + position) * inner
                for index in 0..<inner { result[target + index] = UInt8(min(max(sums[index] >> bits, 0), 255)) }
            }
        }
        return result
    }
}
