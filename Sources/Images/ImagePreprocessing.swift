/// How an image becomes the input of a network.
///
/// Stored with a trained network, so that training, evaluation and prediction cannot differ: the part of the image that
/// is seen, its size, and `(value - mean) / deviation` per channel on values from 0 to 255.
public struct ImagePreprocessing: Hashable, Sendable, Codable {
    /// Which part of the image is seen.
    public enum Framing: Hashable, Sendable, Codable {
        /// All of it, whatever its proportions become.
        case stretch
        /// The square in the middle, of a share of the shorter side.
        case centerCrop(share: Double)
        /// The shorter side gets so many pixels, then the middle is cut out.
        case shortSide(Int)
    }

    /// Rows of the input.
    public var height: Int
    /// Columns of the input.
    public var width: Int
    /// 1 for grey, 3 for colours.
    public var channels: Int
    public var framing: Framing
    public var resize: ImageResize
    /// By channel, from 0 to 255.
    public var mean: [Double]
    /// By channel.
    public var deviation: [Double]

    /// - Parameters:
    ///   - mean: as many as channels.
    ///   - deviation: as many as channels.
    /// - Throws: ``ImageError/invalidSetting(name:found:expected:)``
    public init(
        height: Int, width: Int, channels: Int = 3, framing: Framing, resize: ImageResize, mean: [Double],
        deviation: [Double]
    ) throws(ImageError) {
        self.init(
            unchecked: height, width, channels: channels, framing: framing, resize: resize, mean: mean,
            deviation: deviation)
        try validate()
    }

    private init(
        unchecked height: Int, _ width: Int, channels: Int = 3, framing: Framing, resize: ImageResize, mean: [Double],
        deviation: [Double]
    ) {
        self.height = height
        self.width = width
        self.channels = channels
        self.framing = framing
        self.resize = resize
        self.mean = mean
        self.deviation = deviation
    }

    /// What networks were trained with, by name.
    public static let presets: [String: ImagePreprocessing] = [
        "efficientnet-lite0": efficientNet(224), "efficientnet-lite1": efficientNet(240),
        "efficientnet-lite2": efficientNet(260),
        // torchvision's: 256 pixels, the inner 224 of them, and the statistics of ImageNet.
        "imagenet": ImagePreprocessing(
            unchecked: 224, 224, framing: .shortSide(256), resize: ImageResize(.bilinear),
            mean: [123.675, 116.28, 103.53], deviation: [58.395, 57.12, 57.375]),
        "onet": ImagePreprocessing(
            unchecked: 48, 48, framing: .stretch, resize: ImageResize(.bilinear), mean: [127.5, 127.5, 127.5],
            deviation: [128, 128, 128]),
    ]

    private static func efficientNet(_ size: Int) -> ImagePreprocessing {
        ImagePreprocessing(
            unchecked: size, size, framing: .centerCrop(share: 0.875), resize: ImageResize(.bicubic),
            mean: [127, 127, 127], deviation: [128, 128, 128])
    }

    /// - Throws: ``ImageError/invalidSetting(name:found:expected:)``
    public func validate() throws(ImageError) {
        func check(_ isRight: Bool, _ name: String, _ found: String, _ expected: String) throws(ImageError) {
            if !isRight { throw ImageError.invalidSetting(name: "preprocessing: \(name)", found: found, expected: expected) }
        }
        let sides = 1...(1 << 13)
        try check(sides.contains(height), "height", "\(height)", "1 to \(sides.upperBound) pixels")
        try check(sides.contains(width), "width", "\(width)", "1 to \(sides.upperBound) pixels")
        try check(channels == 1 || channels == 3, "channels", "\(channels)", "1 or 3")
        try check(
            mean.count == channels && mean.allSatisfy(\.isFinite), "mean", "\(mean)",
            "\(channels) numbers, one per channel")
        try check(
            deviation.count == channels && deviation.allSatisfy { $0.isFinite && $0 > 0 }, "deviation", "\(deviation)",
            "\(channels) numbers above 0, one per channel")
        switch framing {
        case .stretch: break
        case .centerCrop(let share): try check(share > 0 && share <= 1, "share", "\(share)", "above 0 and at most 1")
        case .shortSide(let size):
            try check(
                size >= max(height, width) && sides.contains(size), "shortSide", "\(size)",
                "at least \(max(height, width)), the larger side of the input, and at most \(sides.upperBound)")
        }
    }

    /// The input for an image: `[height, width, channels]`.
    public func callAsFunction(_ image: Bitmap) -> [Float] { normalized(pixels(of: image)) }

    /// The part of the image that is seen, in the size of the input, from 0 to 255.
    func pixels(of image: Bitmap) -> [Float] {
        let image = image.converted(toChannels: channels)
        switch framing {
        case .stretch: return resize(image, width: width, height: height)
        case .centerCrop(let share):
            let size = max(1, Int(share * Double(min(image.width, image.height))))
            let box = PixelBox(
                x: (image.width - size + 1) / 2, y: (image.height - size + 1) / 2, width: size, height: size)
            return resize(image.cropped(box), width: width, height: height)
        case .shortSide(let size):
            let shorter = min(image.width, image.height)
            let (wide, high) = (size * image.width / shorter, size * image.height / shorter)
            let all = resize(image, width: wide, height: high)
            let (x, y) = (ImagePreprocessing.middle(wide - width), ImagePreprocessing.middle(high - height))
            var middle: [Float] = []
            for row in y..<y + height {
                let start = (row * wide + x) * channels
                middle += all[start..<start + width * channels]
            }
            return middle
        }
    }

    /// As torchvision's `CenterCrop`, which rounds as Python does.
    private static func middle(_ rest: Int) -> Int { Int((Double(rest) / 2).rounded(.toNearestOrEven)) }

    /// Pixels from 0 to 255 as the network sees them.
    func normalized(_ pixels: [Float]) -> [Float] {
        var result = pixels
        let factors = deviation.map { Float(1 / $0) }
        let shifts = zip(mean, deviation).map { Float(-$0 / $1) }
        for index in result.indices {
            result[index] = result[index] * factors[index % channels] + shifts[index % channels]
        }
        return result
    }
}
