/// What the columns of a file of texts mean, and how a text is cut into tokens.
public struct TextSchema: Hashable, Sendable {
    /// The column of the texts.
    public var text: String
    /// The path of the tokenizer's `vocab.txt`.
    public var vocabulary: String
    /// Tokens of a text at most.
    public var maximumLength: Int
    /// Whether quotes are characters like others, as in files that no CSV writer has made.
    public var hasPlainQuotes: Bool
    /// Format, names of columns, missing labels and targets.
    public var table: TabularSchema

    public init(
        text: String, vocabulary: String, maximumLength: Int = 128, hasPlainQuotes: Bool = false, table: TabularSchema
    ) {
        self.text = text
        self.vocabulary = vocabulary
        self.maximumLength = maximumLength
        self.hasPlainQuotes = hasPlainQuotes
        self.table = table
    }
}
