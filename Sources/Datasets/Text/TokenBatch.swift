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
}
