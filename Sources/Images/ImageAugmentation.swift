import Compute

/// Random changes of training images, which leave their meaning alone.
///
/// What happens to an image depends on the seed, the epoch and the number of the sample, and on nothing else; which images
/// are mixed, on their batch as well. In this order: a random part of the image, mirrored, turned, with other colours;
/// after the normalisation a rectangle is erased; in a batch, images are mixed.
public struct ImageAugmentation: Hashable, Sendable, Codable {
    /// The probability of mirroring left and right. Default 0.
    public var flip: Double
    /// The smallest share of the image's area that is seen, between 0 and 1; its proportions are 3:4 to 4:3 of the
    /// original's. Nil keeps the framing of the preprocessing.
    ///
    /// Source: Szegedy et al., "Going Deeper with Convolutions", CVPR 2015; torchvision's `RandomResizedCrop`.
    public var crop: Double?
    /// Turns by an angle between ± so many degrees; what comes from outside is black. Default 0.
    public var rotation: Double
    /// Factors on brightness, contrast and saturation are drawn from `1 ± value`. Default 0.
    public var brightness: Double
    public var contrast: Double
    public var saturation: Double
    /// The probability that a rectangle of 2 to 33 % of the area is erased: set to the mean. Default 0.
    ///
    /// Source: Zhong et al., "Random Erasing Data Augmentation", AAAI 2020.
    public var erasing: Double
    /// The parameter of the Beta distribution that mixes pairs of images and their targets; 0 mixes none, the default.
    ///
    /// Source: Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018.
    public var mixup: Double

    public init(
        flip: Double = 0, crop: Double? = nil, rotation: Double = 0, brightness: Double = 0, contrast: Double = 0,
        saturation: Double = 0, erasing: Double = 0, mixup: Double = 0
    ) {
        self.flip = flip
        self.crop = crop
        self.rotation = rotation
        self.brightness = brightness
        self.contrast = contrast
        self.saturation = saturation
        self.erasing = erasing
        self.mixup = mixup
    }

    /// - Throws: ``ImageError/invalidSetting(name:found:expected:)``
    public func validate() throws(ImageError) {
        func check(_ isRight: Bool, _ name: String, _ value: Double, _ expected: String) throws(ImageError) {
            if !isRight { throw ImageError.invalidSetting(name: "augmentation: \(name)", found: "\(value)", expected: expected) }
        }
        for (name, value) in [("flip", flip), ("erasing", erasing)] {
            try check((0...1).contains(value), name, value, "a probability")
        }
        for (name, value) in [("brightness", brightness), ("contrast", contrast), ("saturation", saturation)] {
            try check((0...1).contains(value), name, value, "0 to 1")
        }
        try check((0...180).contains(rotation), "rotation", rotation, "0 to 180 degrees")
        try check(mixup >= 0 && mixup.isFinite, "mixup", mixup, "a finite number of at least 0")
        if let crop { try check(crop > 0 && crop <= 1, "crop", crop, "above 0 and at most 1") }
    }

    /// The random numbers of a sample in an epoch.
    static func generator(seed: UInt64, epoch: Int, sample: Int) -> Philox {
        // A sample has 2¹⁶ blocks of the stream to itself.
        Philox(
            RandomPosition(
                seed: seed, stream: Philox.stream(named: "augmentation.\(epoch)"), block: UInt64(sample) << 16))
    }
}

extension Philox {
    /// A number in a range; both of its ends where they are the same.
    mutating func next(in range: ClosedRange<Double>) -> Double {
        let word: UInt64 = next()
        return range.lowerBound + (range.upperBound - range.lowerBound) * Double(word >> 11) * 0x1p-53
    }
}
