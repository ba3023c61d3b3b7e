import Images
import Testing

@Suite struct AugmentationTests {
    private let image = Fixture.pattern(width: 20, height: 16)

    /// Values stay as they are: mean 0, deviation 1.
    private func preprocessing(_ framing: ImagePreprocessing.Framing = .stretch) throws -> ImagePreprocessing {
        try ImagePreprocessing(
            height: 16, width: 20, framing: framing, resize: ImageResize(.bilinear), mean: [0, 0, 0],
            deviation: [1, 1, 1])
    }

    private func apply(
        _ augmentation: ImageAugmentation, seed: UInt64 = 1, epoch: Int = 0, sample: Int = 0
    ) throws -> [Float] {
        try preprocessing()(image, augmentedBy: augmentation, seed: seed, epoch: epoch, sample: sample)
    }

    private func pixel(_ values: [Float], _ x: Int, _ y: Int) -> [Float] {
        Array(values[(y * 20 + x) * 3..<(y * 20 + x) * 3 + 3])
    }

    private func luma(_ values: [Float], _ place: Int) -> Float {
        let (red, green, blue) = (values[place], values[place + 1], values[place + 2])
        return 0.299 * red + 0.587 * green + 0.114 * blue
    }

    @Test("depends on the seed, the epoch and the sample alone")
    func deterministic() throws {
        let all = ImageAugmentation(
            flip: 0.5, crop: 0.2, rotation: 20, brightness: 0.4, contrast: 0.4, saturation: 0.4, erasing: 0.5)
        let first = try apply(all, seed: 3, epoch: 4, sample: 5)
        #expect(try apply(all, seed: 3, epoch: 4, sample: 5) == first)
        for (seed, epoch, sample) in [(4, 4, 5), (3, 5, 5), (3, 4, 6)] {
            #expect(try apply(all, seed: UInt64(seed), epoch: epoch, sample: sample) != first)
        }
        #expect(first.allSatisfy { (0...255).contains($0) })
    }

    @Test("nothing to do changes nothing")
    func nothing() throws {
        #expect(try apply(ImageAugmentation()) == image.bytes.map(Float.init))
    }

    @Test("mirrors left and right, as often as it should")
    func flip() throws {
        let mirrored = try apply(ImageAugmentation(flip: 1))
        let original = image.bytes.map(Float.init)
        for (x, y) in [(0, 0), (3, 7), (19, 15)] { #expect(pixel(mirrored, x, y) == pixel(original, 19 - x, y)) }
        let count = try (0..<400).count { try apply(ImageAugmentation(flip: 0.25), sample: $0) != original }
        // Binomial: 100 ± 3.5 deviations of 8.7.
        #expect((70...130).contains(count))
    }

    @Test("a part of the image has the area and the proportions that are asked for")
    func crop() throws {
        // Every pixel says where it is, so that the part can be read off.
        var bytes: [UInt8] = []
        for y in 0..<200 { for x in 0..<200 { bytes += [UInt8(x), UInt8(y), 0] } }
        let places = Bitmap(width: 200, height: 200, channels: 3, bytes: bytes)
        let preprocessing = try ImagePreprocessing(
            height: 50, width: 50, framing: .stretch, resize: ImageResize(.bilinear, .torch, antialias: false),
            mean: [0, 0, 0], deviation: [1, 1, 1])
        var areas: [Float] = []
        for sample in 0..<100 {
            let values = preprocessing(places, augmentedBy: ImageAugmentation(crop: 0.25), seed: 1, epoch: 0, sample: sample)
            // 49 of 50 steps lie between the first and the last pixel.
            let wide: Float = (values[147] - values[0]) / 49 * 50
            let high: Float = (values[7351] - values[1]) / 49 * 50
            areas.append(wide * high / 40000)
            let ratio = wide / high
            #expect(ratio > 0.72 && ratio < 1.4)
        }
        #expect(areas.allSatisfy { (0.24...1.01).contains($0) })
        #expect(areas.contains { $0 < 0.4 } && areas.contains { $0 > 0.8 })
    }

    @Test("turns around the middle")
    func rotation() throws {
        // A bright point right of the middle of a dark image ends on a circle around the middle.
        var bytes = [UInt8](repeating: 0, count: 21 * 21)
        bytes[10 * 21 + 18] = 200
        let point = Bitmap(width: 21, height: 21, channels: 1, bytes: bytes)
        let preprocessing = try ImagePreprocessing(
            height: 21, width: 21, channels: 1, framing: .stretch, resize: ImageResize(.bilinear), mean: [0],
            deviation: [1])
        for sample in 0..<20 {
            let values = preprocessing(point, augmentedBy: ImageAugmentation(rotation: 90), seed: 1, epoch: 0, sample: sample)
            var (total, x, y): (Float, Float, Float) = (0, 0, 0)
            for (index, value) in values.enumerated() {
                total += value
                x += value * Float(index % 21 - 10)
                y += value * Float(index / 21 - 10)
            }
            (x, y) = (x / total, y / total)
            let radius = (x * x + y * y).squareRoot()
            #expect(abs(radius - 8) < 0.4)
            #expect(x > -0.5)
        }
    }

    @Test("colours change by the formulas of torchvision")
    func colours() throws {
        let original = image.bytes.map(Float.init)
        // One factor at a time is recovered from a pixel that no limit touches, and must explain all others.
        let bright = try apply(ImageAugmentation(brightness: 0.5), sample: 2)
        let index = try #require(original.indices.first { original[$0] > 50 && original[$0] < 150 })
        let factor = bright[index] / original[index]
        #expect((0.5...1.5).contains(factor) && factor != 1)
        #expect(distance(bright, original.map { min($0 * factor, 255) }) < 1e-3)

        let vivid = try apply(ImageAugmentation(saturation: 0.5), sample: 2)
        for place in stride(from: 0, to: 60, by: 3) {
            let (grey, after) = (luma(original, place), luma(vivid, place))
            let isLimited = (place..<place + 3).contains { vivid[$0] == 0 || vivid[$0] == 255 }
            // Saturation keeps the grey of a pixel.
            if !isLimited { #expect(abs(grey - after) < 0.01) }
        }
    }

    @Test("erases one rectangle of at most a third")
    func erasing() throws {
        for sample in 0..<30 {
            let values = try apply(ImageAugmentation(erasing: 1), sample: sample)
            let erased = (0..<320).filter { pixel(values, $0 % 20, $0 / 20) == [0, 0, 0] }
            let (columns, rows) = (Set(erased.map { $0 % 20 }), Set(erased.map { $0 / 20 }))
            #expect(!erased.isEmpty && erased.count == columns.count * rows.count)
            #expect(erased.count < 130)
        }
    }
}
