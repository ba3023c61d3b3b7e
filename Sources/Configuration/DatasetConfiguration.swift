import Datasets
import Yams

/// Which data a run learns from, and which ones it is measured on.
public struct DatasetConfiguration: Hashable, Sendable {
    /// The names of all datasets.
    public static let names = [
        "census-income", "csv", "fashion-mnist", "image-folder", "images", "multi-fashion", "text",
    ]

    public var name: String
    /// Where the files lie. Default: where they are put by the system's package, or by the script that fetches them.
    public var folder: String
    /// Draws the validation samples, for `multi-fashion` the partners of the images, for images the labelled samples and
    /// the random changes. Default 0.
    public var seed: UInt64
    /// Only so many samples from the beginning of the training split, for quick runs. Default: all.
    public var trainingSamples: Int?
    /// Only so many samples from the beginning of the test split. Default: all.
    public var testSamples: Int?
    /// Share of the training split that is kept apart to choose the best epoch by. Default 0: the test split chooses.
    public var validation: Double
    /// The files of the dataset `csv`.
    public var csv: CSVFilesConfiguration?
    /// The files of the dataset `text`.
    public var text: TextFilesConfiguration?
    /// Where the images of `fashion-mnist`, `image-folder` and `images` lie, and how they become inputs.
    public var images: ImagesConfiguration?

    public init(
        name: String, folder: String? = nil, seed: UInt64 = 0, trainingSamples: Int? = nil, testSamples: Int? = nil,
        validation: Double = 0, csv: CSVFilesConfiguration? = nil, text: TextFilesConfiguration? = nil,
        images: ImagesConfiguration? = nil
    ) {
        self.name = name
        self.folder = folder ?? (name == "census-income" ? CensusIncome.defaultFolder : MultiFashion.defaultFolder)
        self.seed = seed
        self.trainingSamples = trainingSamples
        self.testSamples = testSamples
        self.validation = validation
        self.csv = csv
        self.text = text
        self.images = images
    }

    init(_ value: ConfigurationValue) throws(ConfigurationError) {
        let common = ["seed", "trainingSamples", "testSamples", "validation"]
        let (name, options) = try value.choice(
            of: "dataset",
            options: [
                "multi-fashion": common + ["folder"], "census-income": common + ["folder"],
                "csv": common + CSVFilesConfiguration.keys, "text": common + TextFilesConfiguration.keys,
            ].merging(ImagesConfiguration.keys.mapValues { common + $0 }) { $1 })
        self.init(
            name: name, folder: try options["folder"]?.string("the path of a folder"),
            seed: UInt64(try options["seed"]?.integer(atLeast: 0) ?? 0),
            trainingSamples: try options["trainingSamples"]?.integer(atLeast: 1),
            testSamples: try options["testSamples"]?.integer(atLeast: 1),
            validation: try options["validation"]?.fraction() ?? 0,
            csv: name == "csv" ? try CSVFilesConfiguration(options) : nil,
            text: name == "text" ? try TextFilesConfiguration(options) : nil,
            images: try ImagesConfiguration(name, options))
    }

    var node: Node {
        var pairs: [(String, Node)] = [("name", .text(name))]
        if let own = csv?.pairs ?? text?.pairs ?? images?.pairs {
            pairs += own
        } else {
            pairs.append(("folder", .text(folder)))
        }
        pairs.append(("seed", .number(seed)))
        if let trainingSamples { pairs.append(("trainingSamples", .number(trainingSamples))) }
        if let testSamples { pairs.append(("testSamples", .number(testSamples))) }
        if validation > 0 { pairs.append(("validation", .number(validation))) }
        return .keys(pairs)
    }
}

/// The parts of a dataset, and what was learnt about it on the way.
public struct DatasetSplits: Sendable {
    public let training: any Dataset
    /// Nil where the configuration keeps none apart.
    public let validation: (any Dataset)?
    public let test: any Dataset
    /// For tables and lists of images: what a network that learns from them needs to read others.
    public let preprocessing: TabularPreprocessing?
}

extension DatasetConfiguration {
    /// The schema of a dataset of tables.
    private var schema: TabularSchema? { csv?.schema ?? (name == "census-income" ? CensusIncome.schema : nil) }
    private var trainingPath: String { csv?.training ?? "\(folder)/\(CensusIncome.trainingFile)" }
    private var testPath: String { csv?.test ?? "\(folder)/\(CensusIncome.testFile)" }

    /// Reads everything.
    ///
    /// - Parameter preprocessing: that of a run that goes on; nil fits one to the training samples.
    /// - Throws: `DatasetError` or `ImageError`.
    public func splits(preprocessing: TabularPreprocessing? = nil) throws -> DatasetSplits {
        if let text {
            let (all, test) = try text.datasets()
            let split = try validationSplit(of: all.count)
            return DatasetSplits(
                training: Subset(of: all, split.training), validation: subset(of: all, split.validation),
                test: limited(test), preprocessing: nil)
        }
        if let images {
            let (all, labels) = try images.training(seed: seed, labels: preprocessing)
            let split = try validationSplit(of: all.count)
            return DatasetSplits(
                training: Subset(of: all, split.training),
                validation: subset(of: all.withoutAugmentation, split.validation),
                test: try test(preprocessing: labels), preprocessing: labels)
        }
        guard let schema else {
            let all = try MultiFashion(.train, folder: folder, seed: seed)
            let split = try validationSplit(of: all.count)
            return DatasetSplits(
                training: Subset(of: all, split.training), validation: subset(of: all, split.validation),
                test: try test(preprocessing: nil), preprocessing: nil)
        }
        let file = try advised { () throws(DatasetError) in try TabularFile(path: trainingPath, schema: schema) }
        let split = try validationSplit(of: file.count)
        let fitted: TabularPreprocessing
        if let preprocessing {
            fitted = preprocessing
        } else {
            fitted = try file.preprocessing(fittedOn: split.training)
        }
        let all = try file.dataset(fitted)
        return DatasetSplits(
            training: Subset(of: all, split.training), validation: subset(of: all, split.validation),
            test: try test(preprocessing: fitted), preprocessing: fitted)
    }

    /// Reads the samples to be measured on.
    ///
    /// - Parameter preprocessing: for tables and lists of images, that of the network.
    /// - Throws: `DatasetError` or `ImageError`.
    public func test(preprocessing: TabularPreprocessing?) throws -> any Dataset {
        let all: any Dataset
        if let text {
            all = try text.datasets().test
        } else if let images {
            all = try images.test(labels: preprocessing)
        } else if let preprocessing {
            all = try advised { () throws(DatasetError) in
                try TabularDataset(path: testPath, preprocessing: preprocessing)
            }
        } else {
            all = try MultiFashion(.test, folder: folder, seed: seed)
        }
        return limited(all)
    }

    private func limited(_ test: any Dataset) -> any Dataset {
        guard let testSamples, testSamples < test.count else { return test }
        return Subset(of: test, Array(0..<testSamples))
    }

    /// Whether the inputs are rows of tables.
    public var isTabular: Bool { schema != nil }

    /// Whether what was learnt about the data is stored with the network: for tables and lists of images.
    public var isFitted: Bool {
        if case .lists = images?.source { return true }
        return isTabular
    }

    private func validationSplit(of count: Int) throws(DatasetError) -> ValidationSplit {
        try ValidationSplit(of: min(count, trainingSamples ?? count), share: validation, seed: seed)
    }

    private func subset(of dataset: any Dataset, _ indices: [Int]) -> (any Dataset)? {
        indices.isEmpty ? nil : Subset(of: dataset, indices)
    }

    /// Says how to get files that are missing.
    private func advised<Result>(_ read: () throws(DatasetError) -> Result) throws(DatasetError) -> Result {
        do {
            return try read()
        } catch .missingFile(let path, _) where name == "census-income" {
            throw .missingFile(path: path, advice: "Fetch the data with scripts/fetch-census.sh, or name their folder.")
        }
    }
}
