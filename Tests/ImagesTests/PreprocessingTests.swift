import Foundation
import Images
import Testing

@Suite struct PreprocessingTests {
    @Test("sizes change as in Pillow, PyTorch and TensorFlow")
    func resize() throws {
        let cases = try Fixture.load().resized
        #expect(Set(cases.map(\.convention)) == Set(ImageResize.Convention.allCases))
        for expected in cases {
            let image = Fixture.pattern(width: expected.from[0], height: expected.from[1])
            let resize = ImageResize(expected.filter, expected.convention, antialias: expected.antialias)
            let values = resize(image, width: expected.to[0], height: expected.to[1])
            // Pillow's bytes are met exactly. Values of some hundred in Float32 otherwise; TensorFlow's own places are
            // Float32, too.
            let tolerance: Float =
                switch expected.convention {
                case .pillow: 0
                case .torch: 1e-4
                case .tensorFlow: 2e-3
                }
            #expect(distance(values, expected.values) <= tolerance, "\(resize) \(expected.from) → \(expected.to)")
        }
    }

    @Test("framing and normalisation as torchvision's and EfficientNet's", arguments: ["wide", "high"])
    func framing(name: String) throws {
        let expected = try Fixture.load().preprocessed
        let image = name == "wide" ? Fixture.pattern(width: 37, height: 21) : Fixture.pattern(width: 19, height: 40)
        let standard = try ImagePreprocessing(
            height: 11, width: 11, framing: .shortSide(16), resize: ImageResize(.bilinear),
            mean: [123.675, 116.28, 103.53], deviation: [58.395, 57.12, 57.375])
        #expect(distance(standard(image), try #require(expected["shortSide.\(name)"])) < 1e-5)
        let crop = try ImagePreprocessing(
            height: 12, width: 14, framing: .centerCrop(share: 0.875), resize: ImageResize(.bicubic),
            mean: [127, 127, 127], deviation: [128, 128, 128])
        #expect(distance(crop(image), try #require(expected["centerCrop.\(name)"])) < 1e-6)
        let grey = try ImagePreprocessing(
            height: 8, width: 8, channels: 1, framing: .stretch, resize: ImageResize(.bilinear), mean: [0],
            deviation: [1])
        #expect(distance(grey(image), try #require(expected["grey.\(name)"])) == 0)
    }

    @Test("a preprocessing is stored and read as it is")
    func stored() throws {
        for preset in ImagePreprocessing.presets.values {
            try preset.validate()
            let text = try JSONEncoder().encode(preset)
            #expect(try JSONDecoder().decode(ImagePreprocessing.self, from: text) == preset)
        }
    }

    @Test("settings that make no sense are refused by name")
    func invalid() throws {
        func message(_ change: (inout ImagePreprocessing) -> Void) -> String {
            guard var preprocessing = ImagePreprocessing.presets["imagenet"] else { return "" }
            change(&preprocessing)
            do { try preprocessing.validate() } catch { return "\(error)" }
            return ""
        }
        #expect(message { $0.height = 0 } == "preprocessing: height is 0, expected 1 to 8192 pixels")
        #expect(message { $0.channels = 4 } == "preprocessing: channels is 4, expected 1 or 3")
        #expect(message { $0.mean = [1] } == "preprocessing: mean is [1.0], expected 3 numbers, one per channel")
        #expect(message { $0.deviation = [1, 0, 1] }.hasPrefix("preprocessing: deviation is [1.0, 0.0, 1.0]"))
        #expect(message { $0.framing = .shortSide(100) }.hasPrefix("preprocessing: shortSide is 100, expected at least 224"))
        #expect(message { $0.framing = .centerCrop(share: 1.5) }.hasPrefix("preprocessing: share is 1.5"))
        #expect(throws: ImageError.invalidSetting(name: "augmentation: flip", found: "2.0", expected: "a probability")) {
            try ImageAugmentation(flip: 2).validate()
        }
    }
}
