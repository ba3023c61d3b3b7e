import Compute
import Images

/// Fashion-MNIST as images for any network: 28×28 grey pixels that a preprocessing scales and colours.
///
/// Two tasks: `class`, and `group`, which is derived from it and no annotation of its own: what is worn above the waist
/// or as a whole, legs, feet, and bags.
///
/// Source: Xiao, Rasul, Vollgraf, "Fashion-MNIST", arXiv:1708.07747.
public enum FashionMNIST {
    /// The groups, by label.
    public static let groupNames = ["upper body", "legs", "feet", "bag"]
    /// The group of every class.
    private static let groups: [Int32] = [0, 1, 0, 0, 0, 2, 0, 2, 3, 2]

    /// Reads a split.
    ///
    /// - Parameters:
    ///   - folder: holds `train-images-idx3-ubyte.gz`, `train-labels-idx1-ubyte.gz`, and `t10k-…` for the test split.
    ///   - samples: keeps only so many, as many of each class, drawn with the seed; nil keeps all.
    /// - Throws: ``DatasetError`` where a file is missing or is not what it should be, or a class has too few images.
    public static func dataset(
        _ split: MultiFashion.Split, folder: String = MultiFashion.defaultFolder, samples: Int? = nil, seed: UInt64 = 0,
        preprocessing: ImagePreprocessing, augmentation: ImageAugmentation? = nil
    ) throws -> ImageDataset {
        let files = try MultiFashion.files(of: split, folder: folder)
        var (bytes, labels) = (files.images, files.labels)
        let size = MultiFashion.imageSize
        if let samples {
            let kept = try balanced(samples, of: labels, seed: seed)
            bytes = kept.flatMap { bytes[$0 * size * size..<($0 + 1) * size * size] }
            labels = kept.map { labels[$0] }
        }
        return try ImageDataset(
            .grey(bytes: bytes, width: size, height: size),
            targets: [
                .classes(
                    "class", labels: labels, count: MultiFashion.classNames.count, names: MultiFashion.classNames),
                .classes("group", labels: labels.map { groups[Int($0)] }, count: groupNames.count, names: groupNames),
            ], preprocessing: preprocessing, augmentation: augmentation, seed: seed)
    }

    /// The same number of samples of every class, ascending; where that does not come out even, the first classes have
    /// one more.
    static func balanced(_ count: Int, of labels: [Int32], seed: UInt64) throws(DatasetError) -> [Int] {
        let classes = MultiFashion.classNames.count
        var generator = Philox(seed: seed, stream: "FashionMNIST.samples")
        let order = generator.permutation(of: labels.count)
        var wanted = (0..<classes).map { count / classes + ($0 < count % classes ? 1 : 0) }
        var kept: [Int] = []
        for index in order where wanted[Int(labels[index])] > 0 {
            wanted[Int(labels[index])] -= 1
            kept.append(index)
        }
        guard kept.count == count else {
            throw .invalidSetting(
                name: "number of samples", found: count, expected: "as many as there are of every class")
        }
        return kept.sorted()
    }
}
