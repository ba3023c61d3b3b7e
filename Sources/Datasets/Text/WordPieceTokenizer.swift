import Foundation

/// Cuts texts into the word pieces of BERT's uncased models, with the numbers that Hugging Face's `BertTokenizer` gives.
///
/// A text loses control characters and accents and becomes lower case; words end at white space, and every punctuation
/// mark and every Chinese character is a word. A word becomes the longest pieces of the vocabulary from left to right, or
/// `[UNK]` if that fails or it has more than 100 characters. `[CLS]` stands in front, `[SEP]` behind.
///
/// Source: Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers", NAACL 2019.
public struct WordPieceTokenizer: Sendable {
    /// The number of the padding in all of BERT's vocabularies.
    public static let padding: Int32 = 0

    public let vocabulary: WordPieceVocabulary
    /// Tokens of a text at most, with the two around it.
    public let maximumLength: Int
    private let unknown: Int32
    private let first: Int32
    private let last: Int32
    /// Tokens that stand for themselves wherever they occur, longest first.
    private let specials: [(bytes: [UInt8], number: Int32)]
    private let characters = TextNormalizer()

    /// Characters of the longest word that is cut into pieces.
    private static let maximumWordLength = 100

    /// - Throws: ``DatasetError`` where the vocabulary lacks `[PAD]` as its first token, `[UNK]`, `[CLS]` or `[SEP]`, or the
    ///   length leaves no room for text.
    public init(_ vocabulary: WordPieceVocabulary, maximumLength: Int = 256) throws(DatasetError) {
        guard maximumLength >= 3 else {
            throw .invalidSetting(name: "the maximum length of texts", found: maximumLength, expected: "at least 3 tokens")
        }
        func required(_ token: String) throws(DatasetError) -> Int32 {
            guard let number = vocabulary.number(of: token) else {
                throw .missingToken(token: token, tokens: vocabulary.tokens.count)
            }
            return number
        }
        guard try required("[PAD]") == WordPieceTokenizer.padding else {
            throw .missingToken(token: "[PAD] as its first", tokens: vocabulary.tokens.count)
        }
        self.vocabulary = vocabulary
        self.maximumLength = maximumLength
        unknown = try required("[UNK]")
        first = try required("[CLS]")
        last = try required("[SEP]")
        specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].compactMap { token in
            vocabulary.number(of: token).map { (Array(token.utf8), $0) }
        }
    }

    /// Reads the vocabulary from a `vocab.txt`.
    public init(vocabulary path: String, maximumLength: Int = 256) throws(DatasetError) {
        try self.init(try WordPieceVocabulary(path: path), maximumLength: maximumLength)
    }

    /// The numbers of a text's tokens, `[CLS]` first and `[SEP]` last, cut to ``maximumLength``.
    public func encode(_ text: String) -> [Int32] {
        var text = text
        return text.withUTF8 { encode($0) }
    }

    /// The numbers of the tokens of a text in UTF-8. Bytes that are not are left out.
    public func encode(_ text: UnsafeBufferPointer<UInt8>) -> [Int32] {
        var numbers = [first]
        numbers.reserveCapacity(min(maximumLength, text.count / 3 + 8))
        var words = WordBuffer()
        var start = 0
        var position = 0
        while position < text.count {
            if text[position] == 0x5B, let special = specials.first(where: { text.matches($0.bytes, at: position) }) {
                append(UnsafeBufferPointer(rebasing: text[start..<position]), to: &numbers, &words)
                numbers.append(special.number)
                position += special.bytes.count
                start = position
            } else {
                position += 1
            }
        }
        append(UnsafeBufferPointer(rebasing: text[start...]), to: &numbers, &words)
        if numbers.count > maximumLength - 1 { numbers.removeLast(numbers.count - maximumLength + 1) }
        numbers.append(last)
        return numbers
    }

    /// The word that is being read: its normalised bytes and the number of its characters.
    private struct WordBuffer {
        var bytes: [UInt8] = []
        var characters = 0
    }

    private func append(_ text: UnsafeBufferPointer<UInt8>, to numbers: inout [Int32], _ word: inout WordBuffer) {
        var position = 0
        while position < text.count, numbers.count < maximumLength {
            let byte = text[position]
            if byte < 0x80 {
                position += 1
                switch TextNormalizer.kind(ofASCII: byte) {
                case .letter:
                    word.bytes.append(byte | (byte >= 0x41 && byte <= 0x5A ? 0x20 : 0))
                    word.characters += 1
                case .space: flush(&word, to: &numbers)
                case .single:
                    flush(&word, to: &numbers)
                    word.bytes.append(byte)
                    word.characters = 1
                    flush(&word, to: &numbers)
                case .removed: break
                }
                continue
            }
            guard let (scalar, length) = text.scalar(at: position) else {
                position += 1
                continue
            }
            position += length
            characters.normalize(scalar) { kind, scalar in
                switch kind {
                case .letter:
                    word.bytes.append(contentsOf: scalar.utf8)
                    word.characters += 1
                case .space: flush(&word, to: &numbers)
                case .single:
                    flush(&word, to: &numbers)
                    word.bytes.append(contentsOf: scalar.utf8)
                    word.characters = 1
                    flush(&word, to: &numbers)
                case .removed: break
                }
            }
        }
        flush(&word, to: &numbers)
    }

    /// Cuts the word into pieces and empties it.
    private func flush(_ word: inout WordBuffer, to numbers: inout [Int32]) {
        guard !word.bytes.isEmpty else { return }
        defer {
            word.bytes.removeAll(keepingCapacity: true)
            word.characters = 0
        }
        guard word.characters <= WordPieceTokenizer.maximumWordLength else {
            numbers.append(unknown)
            return
        }
        let count = numbers.count
        word.bytes.withUnsafeBufferPointer { bytes in
            var start = 0
            while start < bytes.count {
                guard
                    let piece = vocabulary.longestPiece(of: bytes, from: start, to: bytes.count, continues: start > 0)
                else {
                    numbers.removeLast(numbers.count - count)
                    numbers.append(unknown)
                    return
                }
                numbers.append(piece.number)
                start = piece.end
            }
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    fileprivate func matches(_ bytes: [UInt8], at position: Int) -> Bool {
        position + bytes.count <= count && bytes.indices.allSatisfy { self[position + $0] == bytes[$0] }
    }

    /// The character that begins at a byte, and its length; nil if it is not valid UTF-8.
    fileprivate func scalar(at position: Int) -> (Unicode.Scalar, Int)? {
        let lead = self[position]
        let length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
        guard lead >= 0xC2, lead <= 0xF4, position + length <= count else { return nil }
        var value = UInt32(lead) & (0x7F >> UInt32(length))
        for offset in 1..<length {
            let byte = self[position + offset]
            guard byte & 0xC0 == 0x80 else { return nil }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        guard length < 3 || value >= (length == 3 ? 0x800 : 0x1_0000), let scalar = Unicode.Scalar(value) else {
            return nil
        }
        return (scalar, length)
    }
}
