import Compute

/// The rows of a table, as a ``TabularPreprocessing`` prepares them.
///
/// Inputs are Int32 `[columns]`; see ``TabularLayout``.
public struct TabularDataset: Dataset {
    public let count: Int
    public let inputShape: Shape
    public let tabularLayout: TabularLayout?
    public var tasks: [TaskDescription] { targets.map(\.task) }
    private let inputs: [Int32]
    private let targets: [ArrayDataset.Target]

    /// Reads a file, with the preprocessing of a network.
    ///
    /// - Parameter needsTargets: whether the columns of the targets must be there; if not, the dataset has no tasks.
    /// - Throws: ``DatasetError`` where the file lacks columns, or holds what the preprocessing cannot take.
    public init(
        path: String, preprocessing: TabularPreprocessing, needsTargets: Bool = true
    ) throws(DatasetError) {
        let table = try preprocessing.schema.table(path: path, needsTargets: needsTargets)
        try self.init(table, preprocessing, hasTargets: needsTargets)
    }

    fileprivate init(
        _ table: TextTable, _ preprocessing: TabularPreprocessing, hasTargets: Bool
    ) throws(DatasetError) {
        inputs = try preprocessing.inputs(of: table)
        targets = hasTargets ? try preprocessing.targets(of: table) : []
        count = table.rowCount
        tabularLayout = preprocessing.layout
        inputShape = [preprocessing.layout.columns]
    }

    public func batch(of indices: [Int]) -> Batch {
        let width = inputShape[0]
        var words: [Int32] = []
        words.reserveCapacity(indices.count * width)
        for index in indices {
            precondition(index >= 0 && index < count, "TabularDataset: sample \(index) of \(count)")
            words += inputs[index * width..<(index + 1) * width]
        }
        let (values, masks) = targets.rows(indices)
        return Batch(inputs: HostTensor(words, shape: [indices.count, width]), targets: values, masks: masks)
    }
}

/// A CSV file to train on: it is read once, split, and then turned into numbers by what its training part says.
public struct TabularFile: Sendable {
    public let schema: TabularSchema
    private let table: TextTable

    /// - Throws: ``DatasetError`` where the file is no CSV file or lacks a column of a target.
    public init(path: String, schema: TabularSchema) throws(DatasetError) {
        self.schema = schema
        table = try schema.table(path: path)
    }

    /// Number of rows.
    public var count: Int { table.rowCount }

    /// Fits the preprocessing to the rows that a network learns from.
    ///
    /// - Throws: ``DatasetError`` where a numeric column holds something else, or a column of the schema is missing.
    public func preprocessing(fittedOn rows: [Int]) throws(DatasetError) -> TabularPreprocessing {
        try TabularPreprocessing(fitting: table, rows: rows, schema: schema)
    }

    /// All rows.
    public func dataset(_ preprocessing: TabularPreprocessing) throws(DatasetError) -> TabularDataset {
        try TabularDataset(table, preprocessing, hasTargets: true)
    }
}
