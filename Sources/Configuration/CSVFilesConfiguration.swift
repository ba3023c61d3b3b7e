import Datasets
import Yams

/// The two files of the dataset `csv`, and what their columns mean.
public struct CSVFilesConfiguration: Hashable, Sendable {
    public var training: String
    public var test: String
    public var schema: TabularSchema

    public init(training: String, test: String, schema: TabularSchema) {
        self.training = training
        self.test = test
        self.schema = schema
    }

    static let keys = [
        "training", "test", "separator", "trimsSpaces", "columns", "categorical", "numeric", "logarithmic", "ignored",
        "missing", "targets",
    ]

    init(_ options: ConfigurationMapping) throws(ConfigurationError) {
        let path = "the path of a CSV file"
        training = try options.required("training", path).string(path)
        test = try options.required("test", path).string(path)
        let standard = TabularSchema(targets: [])
        func names(_ key: String) throws(ConfigurationError) -> [String]? {
            guard let value = options[key] else { return nil }
            return try CSVFilesConfiguration.texts(value, "a list of columns")
        }
        var format = CSVFormat()
        if let separator = options["separator"] {
            let expected = "one character of ASCII that is neither a quote nor a line break, such as \";\""
            let bytes = Array(try separator.string(expected).utf8)
            guard bytes.count == 1, bytes[0] < 0x80, !"\"\r\n".utf8.contains(bytes[0]) else {
                throw separator.unexpected(expected)
            }
            format.separator = bytes[0]
        }
        format.trimsSpaces = try options["trimsSpaces"]?.boolean() ?? false
        let expectedTargets = "a list of tasks, such as [{task: income, column: income, kind: binary, positive: [yes]}]"
        var targets: [TabularSchema.Target] = []
        for element in try options.required("targets", expectedTargets).list(expectedTargets) {
            targets.append(try TabularSchema.Target(element))
        }
        schema = TabularSchema(
            format: format, columns: try names("columns"), categorical: try names("categorical") ?? [],
            numeric: try names("numeric") ?? [], logarithmic: try names("logarithmic") ?? [],
            ignored: try names("ignored") ?? [],
            missing: try options["missing"].map(CSVFilesConfiguration.missing) ?? standard.missing, targets: targets)
    }

    private static func texts(_ value: ConfigurationValue, _ expected: String) throws(ConfigurationError) -> [String] {
        var texts: [String] = []
        for element in try value.list(expected) { texts.append(try element.string("a text")) }
        return texts
    }

    /// Unlike a name, a missing value may be an empty text.
    private static func missing(_ value: ConfigurationValue) throws(ConfigurationError) -> [String] {
        var texts: [String] = []
        for element in try value.list("a list of texts that stand for a missing value, such as [\"\", \"?\"]") {
            guard let text = element.node.scalar?.string else { throw element.unexpected("a text") }
            texts.append(text)
        }
        return texts
    }

    var pairs: [(String, Node)] {
        func row(_ key: String, _ texts: [String]) -> [(String, Node)] {
            texts.isEmpty ? [] : [(key, .row(texts.map(Node.text)))]
        }
        var pairs: [(String, Node)] = [
            ("training", .text(training)), ("test", .text(test)),
            ("separator", .text(String(decoding: [schema.format.separator], as: UTF8.self))),
            ("trimsSpaces", .boolean(schema.format.trimsSpaces)),
        ]
        pairs += row("columns", schema.columns ?? []) + row("categorical", schema.categorical)
        pairs += row("numeric", schema.numeric) + row("logarithmic", schema.logarithmic)
        pairs += row("ignored", schema.ignored)
        pairs.append(("missing", .row(schema.missing.map(Node.text))))
        pairs.append(("targets", Node(schema.targets.map(\.node))))
        return pairs
    }
}

extension TabularSchema.Target {
    fileprivate init(_ value: ConfigurationValue) throws(ConfigurationError) {
        let values = try value.mapping(keys: ["task", "column", "kind", "positive"])
        let kindValue = try values.required("kind", "binary, classes or number")
        let kind = try kindValue.name(of: "kind", among: ["binary", "classes", "number"])
        if kind != "binary", let positive = values["positive"] {
            throw positive.failure(.unexpected(found: "positive values", expected: "them with the kind binary only"))
        }
        let column = try values.required("column", "a column").string("a column")
        let task = try values["task"]?.string("the name of a task") ?? column
        switch kind {
        case "classes": self.init(task: task, column: column, kind: .classes)
        case "number": self.init(task: task, column: column, kind: .number)
        default:
            let expected = "the values that count as 1, such as [yes]"
            var positive: [String] = []
            for element in try values.required("positive", expected).list(expected) {
                guard let text = element.node.scalar?.string else { throw element.unexpected("a text") }
                positive.append(text)
            }
            if positive.isEmpty {
                throw kindValue.failure(.unexpected(found: "no positive values", expected: expected))
            }
            self.init(task: task, column: column, kind: .binary(positive: positive))
        }
    }

    fileprivate var node: Node {
        let pairs: [(String, Node)] = [("task", .text(task)), ("column", .text(column))]
        return switch kind {
        case .binary(let positive):
            .keys(pairs + [("kind", .text("binary")), ("positive", .row(positive.map(Node.text)))])
        case .classes: .keys(pairs + [("kind", .text("classes"))])
        case .number: .keys(pairs + [("kind", .text("number"))])
        }
    }
}
