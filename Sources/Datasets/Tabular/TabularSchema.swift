/// What the columns of a CSV file mean.
public struct TabularSchema: Hashable, Sendable, Codable {
    /// A task whose labels stand in a column.
    public struct Target: Hashable, Sendable, Codable {
        public enum Kind: Hashable, Sendable, Codable {
            /// 1 where one of these values stands, else 0: one real number, for a binary cross-entropy.
            case binary(positive: [String])
            /// Every value of the training part is a class.
            case classes
            case number
        }

        /// The name of the task.
        public var task: String
        public var column: String
        public var kind: Kind

        public init(task: String, column: String, kind: Kind) {
            self.task = task
            self.column = column
            self.kind = kind
        }
    }

    public var format: CSVFormat
    /// Names of the columns, for files without a header.
    public var columns: [String]?
    /// Columns whose numbers are codes of something, and not quantities.
    public var categorical: [String]
    /// Columns of quantities. What is in neither list is numeric if all values of the training part are numbers.
    public var numeric: [String]
    /// Numeric columns `x` that are taken as `sign(x)·log(1 + |x|)`: amounts that spread over orders of magnitude.
    public var logarithmic: [String]
    /// Columns that are no inputs. Those of the targets never are.
    public var ignored: [String]
    /// How a missing number or label is written. In a categorical column these texts are values like others.
    public var missing: [String]
    public var targets: [Target]

    public init(
        format: CSVFormat = CSVFormat(), columns: [String]? = nil, categorical: [String] = [], numeric: [String] = [],
        logarithmic: [String] = [], ignored: [String] = [], missing: [String] = ["", "?", "NA"], targets: [Target]
    ) {
        self.format = format
        self.columns = columns
        self.categorical = categorical
        self.numeric = numeric
        self.logarithmic = logarithmic
        self.ignored = ignored
        self.missing = missing
        self.targets = targets
    }

    /// Reads the columns that matter.
    ///
    /// - Parameter needsTargets: whether the columns of the targets must be there.
    func table(path: String, needsTargets: Bool = true) throws(DatasetError) -> TextTable {
        let labels = Set(targets.map(\.column))
        let table = try TextTable(
            path: path, format: format, names: columns, ignored: Set(ignored).subtracting(labels),
            optional: needsTargets ? [] : labels)
        if needsTargets { for label in labels.sorted() { _ = try table.required(label) } }
        return table
    }
}
