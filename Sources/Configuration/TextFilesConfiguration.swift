import Datasets
import Yams

/// The two files of the dataset `text`, and what their columns mean.
public struct TextFilesConfiguration: Hashable, Sendable {
    public var training: String
    public var test: String
    public var schema: TextSchema

    public init(training: String, test: String, schema: TextSchema) {
        self.training = training
        self.test = test
        self.schema = schema
    }

    static let keys = [
        "training", "test", "text", "vocabulary", "maximumLength", "plainQuotes", "separator", "trimsSpaces", "columns",
        "missing", "targets",
    ]

    init(_ options: ConfigurationMapping) throws(ConfigurationError) {
        // Files, format, columns and targets are those of tables.
        let files = try CSVFilesConfiguration(options)
        training = files.training
        test = files.test
        let text = "the column of the texts"
        let vocabulary = "the path of a vocab.txt"
        schema = TextSchema(
            text: try options.required("text", text).string(text),
            vocabulary: try options.required("vocabulary", vocabulary).string(vocabulary),
            maximumLength: try options["maximumLength"]?.integer(atLeast: 3, atMost: 1 << 16) ?? 128,
            hasPlainQuotes: try options["plainQuotes"]?.boolean() ?? false, table: files.schema)
    }

    var pairs: [(String, Node)] {
        CSVFilesConfiguration(training: training, test: test, schema: schema.table).pairs + [
            ("text", .text(schema.text)), ("vocabulary", .text(schema.vocabulary)),
            ("maximumLength", .number(schema.maximumLength)), ("plainQuotes", .boolean(schema.hasPlainQuotes)),
        ]
    }

    /// The training and the test part. Both know the classes of the training part.
    func datasets() throws(DatasetError) -> (training: TextDataset, test: TextDataset) {
        let training = try TextDataset(path: training, schema: schema)
        return (training, try TextDataset(path: test, schema: schema, classes: training.classes))
    }
}
