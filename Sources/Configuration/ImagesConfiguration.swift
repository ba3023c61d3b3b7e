import Datasets
import Images
import Yams

/// Where the images of a dataset lie, and how they become inputs.
public struct ImagesConfiguration: Hashable, Sendable {
    public enum Source: Hashable, Sendable {
        /// Fashion-MNIST in a folder; only so many samples, as many of each class, to train on.
        case fashionMNIST(folder: String, samples: Int?)
        /// A folder with `train` and `test`, each with a folder per class.
        case folder(String)
        /// Two CSV files that list images in a column.
        case lists(CSVFilesConfiguration, column: String)
    }

    public var source: Source
    public var preprocessing: ImagePreprocessing
    /// Random changes in training. Default: none.
    public var augmentation: ImageAugmentation?

    public init(source: Source, preprocessing: ImagePreprocessing, augmentation: ImageAugmentation? = nil) {
        self.source = source
        self.preprocessing = preprocessing
        self.augmentation = augmentation
    }

    /// The datasets of images with their keys, besides those that all datasets have.
    static let keys: [String: [String]] = [
        "fashion-mnist": ["folder", "samples", "preprocessing", "augmentation"],
        "image-folder": ["folder", "preprocessing", "augmentation"],
        "images": [
            "training", "test", "image", "separator", "trimsSpaces", "columns", "missing", "targets", "preprocessing",
            "augmentation",
        ],
    ]

    /// The images of a dataset with one of these names; nil for any other.
    init?(_ name: String, _ options: ConfigurationMapping) throws(ConfigurationError) {
        switch name {
        case "fashion-mnist":
            source = .fashionMNIST(
                folder: try options["folder"]?.string("the path of a folder") ?? MultiFashion.defaultFolder,
                samples: try options["samples"]?.integer(atLeast: 1))
        case "image-folder":
            let expected = "the path of a folder with \"train\" and \"test\""
            source = .folder(try options.required("folder", expected).string(expected))
        case "images":
            source = .lists(
                try CSVFilesConfiguration(options), column: try options["image"]?.string("a column") ?? "image")
        default: return nil
        }
        preprocessing = try ImagePreprocessing(
            try options.required(
                "preprocessing", "one of \(ImagePreprocessing.names.joined(separator: ", "))"))
        augmentation = try options["augmentation"].map(ImageAugmentation.init)
    }

    var pairs: [(String, Node)] {
        var pairs: [(String, Node)]
        switch source {
        case .fashionMNIST(let folder, let samples):
            pairs = [("folder", .text(folder))] + (samples.map { [("samples", .number($0))] } ?? [])
        case .folder(let folder): pairs = [("folder", .text(folder))]
        case .lists(let files, let column): pairs = files.pairs + [("image", .text(column))]
        }
        pairs.append(("preprocessing", preprocessing.node))
        if let augmentation { pairs.append(("augmentation", augmentation.node)) }
        return pairs
    }

    /// The images to train on.
    ///
    /// - Parameter labels: of a run that goes on.
    /// - Returns: with what to read further lists with, for lists.
    func training(
        seed: UInt64, labels: TabularPreprocessing?
    ) throws -> (dataset: ImageDataset, labels: TabularPreprocessing?) {
        switch source {
        case .fashionMNIST(let folder, let samples):
            let dataset = try FashionMNIST.dataset(
                .train, folder: folder, samples: samples, seed: seed, preprocessing: preprocessing,
                augmentation: augmentation)
            return (dataset, nil)
        case .folder(let folder):
            let files = try ImageFolder(path: "\(folder)/train")
            return (try files.dataset(preprocessing: preprocessing, augmentation: augmentation, seed: seed), nil)
        case .lists(let files, let column):
            let list = try ImageList(path: files.training, column: column, schema: files.schema)
            let labels = try labels ?? list.preprocessing()
            let dataset = try list.dataset(
                labels: labels, preprocessing: preprocessing, augmentation: augmentation, seed: seed)
            return (dataset, labels)
        }
    }

    /// The images to be measured on.
    ///
    /// - Parameter labels: of the network, for lists.
    func test(labels: TabularPreprocessing?) throws -> ImageDataset {
        switch source {
        case .fashionMNIST(let folder, _):
            return try FashionMNIST.dataset(.test, folder: folder, preprocessing: preprocessing)
        case .folder(let folder):
            let classes = try ImageFolder(path: "\(folder)/train").classes
            return try ImageFolder(path: "\(folder)/test", classes: classes).dataset(preprocessing: preprocessing)
        case .lists(let files, let column):
            let list = try ImageList(path: files.test, column: column, schema: files.schema)
            return try list.dataset(labels: try labels ?? list.preprocessing(), preprocessing: preprocessing)
        }
    }
}

extension ImagePreprocessing {
    /// What configurations call them: the presets, and `custom`, of which every part is written out.
    static var names: [String] { presets.keys.sorted() + ["custom"] }

    private static let keys = [
        "height", "width", "channels", "framing", "share", "shortSide", "filter", "convention", "antialias", "mean",
        "deviation",
    ]

    /// A preset by name, with other values for some keys.
    fileprivate init(_ value: ConfigurationValue) throws(ConfigurationError) {
        let (name, options) = try value.choice(
            of: "preprocessing", names: ImagePreprocessing.names,
            options: Dictionary(uniqueKeysWithValues: ImagePreprocessing.names.map { ($0, ImagePreprocessing.keys) }))
        guard var result = ImagePreprocessing.presets[name == "custom" ? "imagenet" : name] else {
            throw value.unexpected("one of \(ImagePreprocessing.names.joined(separator: ", "))")
        }
        result.height = try options["height"]?.integer(atLeast: 1) ?? result.height
        result.width = try options["width"]?.integer(atLeast: 1) ?? result.width
        if let channels = try options["channels"]?.integer(atLeast: 1), channels != result.channels {
            result.channels = channels
            // Statistics of colours say nothing about grey.
            result.mean = Array(repeating: result.mean.reduce(0, +) / Double(result.mean.count), count: channels)
            result.deviation = Array(
                repeating: result.deviation.reduce(0, +) / Double(result.deviation.count), count: channels)
        }
        if let framing = try Framing(options) { result.framing = framing }
        if let filter = try options["filter"]?.name(of: "filter", among: ImageResize.Filter.allCases.map(\.rawValue)) {
            result.resize.filter = ImageResize.Filter(rawValue: filter) ?? result.resize.filter
        }
        let conventions = ImageResize.Convention.allCases.map(\.rawValue)
        if let convention = try options["convention"]?.name(of: "convention", among: conventions) {
            result.resize.convention = ImageResize.Convention(rawValue: convention) ?? result.resize.convention
        }
        result.resize.antialias = try options["antialias"]?.boolean() ?? result.resize.antialias
        if let mean = try options["mean"]?.numbers() { result.mean = mean }
        if let deviation = try options["deviation"]?.numbers() { result.deviation = deviation }
        do {
            try result.validate()
        } catch {
            throw value.failure(error)
        }
        self = result
    }

    fileprivate var node: Node {
        var pairs: [(String, Node)] = [
            ("name", .text("custom")), ("height", .number(height)), ("width", .number(width)),
            ("channels", .number(channels)),
        ]
        switch framing {
        case .stretch: pairs.append(("framing", .text("stretch")))
        case .centerCrop(let share): pairs += [("framing", .text("centerCrop")), ("share", .number(share))]
        case .shortSide(let size): pairs += [("framing", .text("shortSide")), ("shortSide", .number(size))]
        }
        return .keys(
            pairs + [
                ("filter", .text(resize.filter.rawValue)), ("convention", .text(resize.convention.rawValue)),
                ("antialias", .boolean(resize.antialias)), ("mean", .row(mean.map { .number($0) })),
                ("deviation", .row(deviation.map { .number($0) })),
            ])
    }
}

extension ImagePreprocessing.Framing {
    /// Nil where nothing is said about it.
    fileprivate init?(_ options: ConfigurationMapping) throws(ConfigurationError) {
        let named = try options["framing"]?.name(of: "framing", among: ["centerCrop", "shortSide", "stretch"])
        let name = named ?? (options["share"] != nil ? "centerCrop" : options["shortSide"] != nil ? "shortSide" : nil)
        switch name {
        case "stretch": self = .stretch
        case "centerCrop": self = .centerCrop(share: try options["share"]?.positive() ?? 0.875)
        case "shortSide":
            let expected = "the pixels of the shorter side, such as 256"
            self = .shortSide(try options.required("shortSide", expected).integer(atLeast: 1))
        default: return nil
        }
    }
}

extension ImageAugmentation {
    private static let keys = ["flip", "crop", "rotation", "brightness", "contrast", "saturation", "erasing", "mixup"]

    fileprivate init(_ value: ConfigurationValue) throws(ConfigurationError) {
        let values = try value.mapping(keys: ImageAugmentation.keys)
        func number(_ key: String) throws(ConfigurationError) -> Double { try values[key]?.nonNegative() ?? 0 }
        self.init(
            flip: try number("flip"), crop: try values["crop"]?.positive(), rotation: try number("rotation"),
            brightness: try number("brightness"), contrast: try number("contrast"),
            saturation: try number("saturation"), erasing: try number("erasing"),
            mixup: try number("mixup"))
        do {
            try validate()
        } catch {
            throw value.failure(error)
        }
    }

    fileprivate var node: Node {
        .keys(
            [("flip", .number(flip))] + (crop.map { [("crop", .number($0))] } ?? []) + [
                ("rotation", .number(rotation)), ("brightness", .number(brightness)), ("contrast", .number(contrast)),
                ("saturation", .number(saturation)), ("erasing", .number(erasing)), ("mixup", .number(mixup)),
            ])
    }
}

extension ConfigurationValue {
    fileprivate func numbers() throws(ConfigurationError) -> [Double] {
        var numbers: [Double] = []
        for element in try list("a list of numbers, one per channel") {
            numbers.append(try element.number("a number") { _ in true })
        }
        return numbers
    }

    /// A setting that makes no sense, at the place where it stands.
    fileprivate func failure(_ error: ImageError) -> ConfigurationError {
        guard case .invalidSetting(let name, let found, let expected) = error else {
            return failure(.unexpected(found: "\(error)", expected: "settings that go together"))
        }
        return failure(.unexpected(found: "\(name) \(found)", expected: expected))
    }
}
