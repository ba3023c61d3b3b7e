import Compute

/// Two overlapping images of Fashion-MNIST on one canvas; each is a task of its own.
///
/// The canvas is 36 × 36 × 1 (NHWC) with values in [0, 1]. Image `i` lies at the top left, its partner at the bottom
/// right, and where they overlap the brighter pixel wins. The partners are a seeded permutation of the same images, so
/// every image occurs once in either place.
///
/// Only the original bytes are kept; canvases are composed when a batch asks for them.
///
/// Sources: Xiao, Rasul, Vollgraf, "Fashion-MNIST", arXiv:1708.07747; the composition is that of Lin et al., "Pareto
/// Multi-Task Learning", NeurIPS 2019.
public struct MultiFashion: Dataset {
    public enum Split: String, Hashable, Sendable, CaseIterable {
        /// 60,000 samples.
        case train
        /// 10,000 samples.
        case test

        fileprivate var filePrefix: String {
            switch self {
            case .train: "train"
            case .test: "t10k"
            }
        }
    }

    /// Where Debian's package `dataset-fashion-mnist` puts the files.
    public static let defaultFolder = "/usr/share/datasets/fashion-mnist"
    /// The classes of both tasks, by label.
    public static let classNames = [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ]
    /// Height and width of a canvas.
    public static let canvasSize = 36
    /// Height and width of one image.
    static let imageSize = 28

    public let inputShape: Shape = [canvasSize, canvasSize, 1]
    public let tasks = ["topLeft", "bottomRight"].map {
        TaskDescription(name: $0, kind: .classes(count: classNames.count, names: classNames))
    }
    public var count: Int { labels.count }

    /// The index of the image at the bottom right of every sample; the one at the top left is the sample's own.
    public let partners: [Int]
    private let images: [UInt8]
    private let labels: [Int32]

    /// Reads the four files of Fashion-MNIST, or rather the two of a split.
    ///
    /// - Parameters:
    ///   - folder: holds `train-images-idx3-ubyte.gz`, `train-labels-idx1-ubyte.gz`, and `t10k-…` for the test split.
    ///   - seed: draws the partners.
    /// - Throws: ``DatasetError`` where a file is missing or is not what it should be.
    public init(_ split: Split, folder: String = defaultFolder, seed: UInt64 = 0) throws(DatasetError) {
        (images, labels) = try MultiFashion.files(of: split, folder: folder)
        var generator = Philox(seed: seed, stream: "MultiFashion.\(split.rawValue)")
        partners = generator.permutation(of: labels.count)
    }

    /// The bytes of all images and the labels of a split, checked.
    static func files(
        of split: Split, folder: String
    ) throws(DatasetError) -> (images: [UInt8], labels: [Int32]) {
        let imagesPath = "\(folder)/\(split.filePrefix)-images-idx3-ubyte.gz"
        let labelsPath = "\(folder)/\(split.filePrefix)-labels-idx1-ubyte.gz"
        let images = try MultiFashion.read(imagesPath, rank: 3)
        let labels = try MultiFashion.read(labelsPath, rank: 1)

        let expected = [images.dimensions[0], MultiFashion.imageSize, MultiFashion.imageSize]
        guard images.dimensions == expected else {
            throw .invalidFile(
                path: imagesPath, problem: .wrongDimensions(found: images.dimensions, expected: expected))
        }
        guard labels.dimensions == [expected[0]] else {
            throw .invalidFile(
                path: labelsPath, problem: .wrongDimensions(found: labels.dimensions, expected: [expected[0]]))
        }
        let classes = MultiFashion.classNames.count
        if let index = labels.bytes.firstIndex(where: { $0 >= classes }) {
            throw .invalidFile(
                path: labelsPath,
                problem: .labelOutOfRange(index: index, label: Int(labels.bytes[index]), classes: classes))
        }
        return (images.bytes, labels.bytes.map(Int32.init))
    }

    private static func read(_ path: String, rank: Int) throws(DatasetError) -> IDXFile {
        do {
            return try IDXFile(path: path, rank: rank)
        } catch .missingFile {
            throw .missingFile(
                path: path,
                advice: "Install Fashion-MNIST with `apt-get install dataset-fashion-mnist`, or name its folder.")
        }
    }

    public func batch(of indices: [Int]) -> Batch {
        let offset = MultiFashion.canvasSize - MultiFashion.imageSize
        let bottomRight = offset * MultiFashion.canvasSize + offset
        var canvases = [Float](repeating: 0, count: indices.count * inputShape.count)
        for (row, index) in indices.enumerated() {
            precondition(index >= 0 && index < count, "MultiFashion: sample \(index) of \(count)")
            let topLeft = row * inputShape.count
            draw(image: index, on: &canvases, at: topLeft)
            draw(image: partners[index], on: &canvases, at: topLeft + bottomRight)
        }
        return Batch(
            inputs: HostTensor(canvases, shape: inputShape.prepending(indices.count)),
            targets: [
                "topLeft": HostTensor(indices.map { labels[$0] }, shape: [indices.count]),
                "bottomRight": HostTensor(indices.map { labels[partners[$0]] }, shape: [indices.count]),
            ])
    }

    /// Draws an image so that its first pixel falls on element `origin`; brighter pixels win.
    private func draw(image: Int, on canvases: inout [Float], at origin: Int) {
        var source = image * MultiFashion.imageSize * MultiFashion.imageSize
        for y in 0..<MultiFashion.imageSize {
            let target = origin + y * MultiFashion.canvasSize
            for x in 0..<MultiFashion.imageSize {
                canvases[target + x] = max(canvases[target + x], Float(images[source + x]) / 255)
            }
            source += MultiFashion.imageSize
        }
    }
}
