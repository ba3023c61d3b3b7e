/// Token numbers of several texts as one tensor.
public enum TokenBatch {
    /// Int32 `[texts, length of the longest]`, the others filled with padding.
    public static func padded(_ texts: [[Int32]]) -> HostTensor {
        let longest = max(texts.reduce(0) { max($0, $1.count) }, 1)
        var numbers: [Int32] = []
        numbers.reserveCapacity(texts.count * longest)
        for text in texts {
            numbers += text
            numbers += repeatElement(WordPieceTokenizer.padding, count: longest - text.count)
        }
        return HostTensor(numbers, shape: [texts.count, longest])
    }

    /// The texts of a batch, still filled with padding.
    ///
    /// - Precondition: Int32 `[texts, length]`.
    static func rows(of batch: HostTensor) -> [[Int32]] {
        guard batch.shape.rank == 2, let numbers = batch.ints else {
            preconditionFailure("TokenBatch: \(batch.shape) is no batch of texts")
        }
        let length = batch.shape[1]
        return stride(from: 0, to: numbers.count, by: max(length, 1)).map { Array(numbers[$0..<$0 + length]) }
    }
}
