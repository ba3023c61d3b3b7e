import Compute
import Images

/// Images with targets for one or several tasks.
///
/// Images are read, decoded and prepared when a batch asks for them. Inputs are Float `[height, width, channels]`.
public struct ImageDataset: Dataset {
    /// Where the images come from.
    public enum Source: Sendable {
        /// JPEG and PNG files.
        case files([String])
        /// Grey images of one size in memory, one after the other.
        case grey(bytes: [UInt8], width: Int, height: Int)

        /// Number of images.
        var count: Int {
            switch self {
            case .files(let paths): paths.count
            case .grey(let bytes, let width, let height): bytes.count / (width * height)
            }
        }

        func image(_ index: Int) throws(ImageError) -> Bitmap {
            switch self {
            case .files(let paths): return try Bitmap(contentsOf: paths[index])
            case .grey(let bytes, let width, let height):
                let start = index * width * height
                return Bitmap(
                    width: width, height: height, channels: 1, bytes: Array(bytes[start..<start + width * height]))
            }
        }
    }

    public let source: Source
    public let targets: [ArrayDataset.Target]
    public let preprocessing: ImagePreprocessing
    /// Random changes of the images in training; nil for none.
    public let augmentation: ImageAugmentation?
    /// Draws the changes.
    public let seed: UInt64

    public var count: Int { source.count }
    public var inputShape: Shape { [preprocessing.height, preprocessing.width, preprocessing.channels] }
    public var tasks: [TaskDescription] { targets.map(\.task) }

    /// - Throws: ``DatasetError`` where targets do not fit the images or each other; ``Images/ImageError`` where a setting
    ///   makes no sense.
    public init(
        _ source: Source, targets: [ArrayDataset.Target], preprocessing: ImagePreprocessing,
        augmentation: ImageAugmentation? = nil, seed: UInt64 = 0
    ) throws {
        try preprocessing.validate()
        try augmentation?.validate()
        var names: Set<String> = []
        for target in targets {
            guard names.insert(target.task.name).inserted else {
                throw DatasetError.duplicateTask(name: target.task.name)
            }
            try target.validate(samples: source.count)
        }
        self.source = source
        self.targets = targets
        self.preprocessing = preprocessing
        self.augmentation = augmentation
        self.seed = seed
    }

    /// The same images as they are.
    public var withoutAugmentation: ImageDataset { ImageDataset(self, augmentation: nil) }

    private init(_ other: ImageDataset, augmentation: ImageAugmentation?) {
        source = other.source
        targets = other.targets
        preprocessing = other.preprocessing
        seed = other.seed
        self.augmentation = augmentation
    }

    public func batch(of indices: [Int]) throws -> Batch {
        try batch(of: indices) { image, _ in preprocessing(image) }
    }

    public func batch(of indices: [Int], epoch: Int) throws -> Batch {
        guard let augmentation else { return try batch(of: indices) }
        let batch = try batch(of: indices) { image, sample in
            preprocessing(image, augmentedBy: augmentation, seed: seed, epoch: epoch, sample: sample)
        }
        guard augmentation.mixup > 0, let first = indices.first else { return batch }
        var generator = Philox(
            RandomPosition(seed: seed, stream: Philox.stream(named: "mixup.\(epoch)"), block: UInt64(first) << 24))
        return Mixup(alpha: augmentation.mixup)(batch, &generator)
    }

    private func batch(of indices: [Int], _ prepare: (Bitmap, Int) -> [Float]) throws -> Batch {
        var inputs: [Float] = []
        inputs.reserveCapacity(indices.count * inputShape.count)
        for index in indices {
            precondition(index >= 0 && index < count, "ImageDataset: sample \(index) of \(count)")
            inputs += prepare(try source.image(index), index)
        }
        let (values, masks) = targets.rows(indices)
        return Batch(
            inputs: HostTensor(inputs, shape: inputShape.prepending(indices.count)), targets: values, masks: masks)
    }
}
