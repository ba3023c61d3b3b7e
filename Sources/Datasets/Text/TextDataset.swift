import Compute

/// Texts of a CSV or TSV file as token numbers, with targets from other columns.
///
/// Inputs are Int32 `[tokens]`. A batch is as long as its longest text, the others are padded with 0; encoders compute
/// nothing for padding, so texts need not be sorted by length.
public struct TextDataset: Dataset {
    public let count: Int
    /// `[maximum length]`; batches are shorter where their texts are.
    public let inputShape: Shape
    public var tasks: [TaskDescription] { targets.map(\.task) }
    /// Fields of the file whose bytes were not UTF-8. The bytes are left out.
    public let repairedFields: Int
    /// The classes of the tasks that have some, for files that are read with the same meaning.
    public let classes: [String: [String]]
    /// All texts' tokens, one behind the other.
    private let tokens: [Int32]
    /// Where each text ends.
    private let ends: [Int]
    private let targets: [ArrayDataset.Target]

    /// Reads a file.
    ///
    /// - Parameter classes: those of the file that a network learns from; nil takes those that occur.
    /// - Throws: ``DatasetError`` where the file is no such file, a column is missing, a label is none, or the vocabulary
    ///   cannot be used.
    public init(path: String, schema: TextSchema, classes: [String: [String]]? = nil) throws(DatasetError) {
        let tokenizer = try WordPieceTokenizer(vocabulary: schema.vocabulary, maximumLength: schema.maximumLength)
        let table = try TextTable(
            path: path, format: schema.table.format, names: schema.table.columns,
            ignored: Set(schema.table.ignored).subtracting([schema.text]),
            leniency: schema.hasPlainQuotes ? [.invalidText, .plainQuotes] : .invalidText)
        let column = try table.required(schema.text)
        let known: [String: [String]]
        if let classes { known = classes } else { known = try schema.table.classes(of: table) }
        targets = try schema.table.targets(of: table, classes: known)
        self.classes = known
        repairedFields = table.repairedFields
        count = table.rowCount
        inputShape = [schema.maximumLength]
        // Equal texts are cut once.
        let numbers = column.values.map(tokenizer.encode)
        var tokens: [Int32] = []
        var ends: [Int] = []
        for code in column.codes {
            tokens += numbers[Int(code)]
            ends.append(tokens.count)
        }
        self.tokens = tokens
        self.ends = ends
    }

    public func batch(of indices: [Int]) -> Batch {
        let texts = indices.map { index in
            precondition(index >= 0 && index < count, "TextDataset: sample \(index) of \(count)")
            return Array(tokens[(index == 0 ? 0 : ends[index - 1])..<ends[index]])
        }
        var values: [String: HostTensor] = [:]
        var masks: [String: HostTensor] = [:]
        for target in targets {
            values[target.task.name] = target.rows(indices)
            if let mask = target.mask {
                masks[target.task.name] = HostTensor(indices.map { mask[$0] }, shape: [indices.count])
            }
        }
        return Batch(inputs: TokenBatch.padded(texts), targets: values, masks: masks)
    }
}
