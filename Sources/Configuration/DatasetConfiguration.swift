import Datasets
import Yams

/// Which data a run learns from, and which ones it is measured on.
public struct DatasetConfiguration: Hashable, Sendable {
    /// The names of all datasets.
    public static let names = ["multi-fashion"]

    public var name: String
    /// Where the files lie. Default: where the system's package puts them.
    public var folder: String
    /// Draws the partners of the images. Default 0.
    public var seed: UInt64
    /// Only so many samples from the beginning of the training split, for quick runs. Default: all.
    public var trainingSamples: Int?
    /// Only so many samples from the beginning of the test split. Default: all.
    public var testSamples: Int?

    public init(
        name: String, folder: String = MultiFashion.defaultFolder, seed: UInt64 = 0, trainingSamples: Int? = nil,
        testSamples: Int? = nil
    ) {
        self.name = name
        self.folder = folder
        self.seed = seed
        self.trainingSamples = trainingSamples
        self.testSamples = testSamples
    }

    init(_ value: ConfigurationValue) throws(ConfigurationError) {
        let (name, options) = try value.choice(
            of: "dataset", options: ["multi-fashion": ["folder", "seed", "trainingSamples", "testSamples"]])
        self.init(
            name: name, folder: try options["folder"]?.string("the path of a folder") ?? MultiFashion.defaultFolder,
            seed: UInt64(try options["seed"]?.integer(atLeast: 0) ?? 0),
            trainingSamples: try options["trainingSamples"]?.integer(atLeast: 1),
            testSamples: try options["testSamples"]?.integer(atLeast: 1))
    }

    var node: Node {
        var pairs: [(String, Node)] = [("name", .text(name)), ("folder", .text(folder)), ("seed", .number(seed))]
        if let trainingSamples { pairs.append(("trainingSamples", .number(trainingSamples))) }
        if let testSamples { pairs.append(("testSamples", .number(testSamples))) }
        return .keys(pairs)
    }

    /// Reads the samples to learn from.
    public func training() throws(DatasetError) -> any Dataset {
        DatasetConfiguration.limited(try MultiFashion(.train, folder: folder, seed: seed), to: trainingSamples)
    }

    /// Reads the samples to be measured on.
    public func test() throws(DatasetError) -> any Dataset {
        DatasetConfiguration.limited(try MultiFashion(.test, folder: folder, seed: seed), to: testSamples)
    }

    private static func limited(_ dataset: any Dataset, to count: Int?) -> any Dataset {
        guard let count, count < dataset.count else { return dataset }
        return LeadingSamples(of: dataset, count: count)
    }
}
