/// Sets elements to 0 with a probability and scales the others by `1 / (1 - probability)`.
///
/// Operands: input `[tasks, count]`, output (may be the input). Scalars: probability. Needs a random position: element
/// `i` is dropped if the uniform number of word `i` (of every task alike) is below the probability, so the derivative is
/// the same primitive at the same position.
public struct Dropout: PrimitiveDescription {
    public var count: Int
    public var tasks: Int

    public init(count: Int, tasks: Int = 1) {
        self.count = count
        self.tasks = tasks
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 8 * count * tasks }
}
