/// Looks up rows of a table: `result[i] = table[indices[i]]`.
///
/// Operands: table `[vocabulary, width]`, indices Int32 `[count]`, result `[count, width]`.
///
/// An index outside of `0..<vocabulary` makes its row of the result NaN, so that the mistake is seen.
public struct Embedding: PrimitiveDescription {
    public var vocabulary: Int
    /// Elements of a row.
    public var width: Int
    /// Number of indices.
    public var count: Int

    public init(vocabulary: Int, width: Int, count: Int) {
        self.vocabulary = vocabulary
        self.width = width
        self.count = count
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 4 * count * (2 * width + 1) }
}

/// The derivative of ``Embedding`` by the table: every row of a task's gradient is the sum of the cotangents at the
/// places where its index stands, added in their order.
///
/// Operands: indices Int32 `[count]`, cotangents `[tasks, count, width]`, table gradients `[tasks, vocabulary, width]`.
/// Places with an index outside of `0..<vocabulary` count nothing.
public struct EmbeddingGradient: PrimitiveDescription {
    public var vocabulary: Int
    public var width: Int
    public var count: Int
    public var tasks: Int

    public init(vocabulary: Int, width: Int, count: Int, tasks: Int = 1) {
        self.vocabulary = vocabulary
        self.width = width
        self.count = count
        self.tasks = tasks
    }

    public var floatingPointOperations: Int { tasks * count * width }
    public var bytesMoved: Int { 4 * (count + tasks * width * (count + vocabulary)) }
}

/// The derivative of ``Embedding`` without the rows that no index names: the first place of every index holds what
/// ``EmbeddingGradient`` has in the row of that index, all other places hold 0.
///
/// Operands: indices Int32 `[count]`, cotangents `[tasks, count, width]`, compact gradients alike. The inner products of
/// two tasks' compact gradients are those of the gradients, whatever the vocabulary.
public struct CompactEmbeddingGradient: PrimitiveDescription {
    public var vocabulary: Int
    public var width: Int
    public var count: Int
    public var tasks: Int

    public init(vocabulary: Int, width: Int, count: Int, tasks: Int = 1) {
        self.vocabulary = vocabulary
        self.width = width
        self.count = count
        self.tasks = tasks
    }

    public var floatingPointOperations: Int { tasks * count * width }
    public var bytesMoved: Int { 4 * (count + 2 * tasks * width * count) }
}
