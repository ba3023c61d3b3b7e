import Datasets
import Foundation
import Testing

@Suite struct WordPieceTests {
    /// What Hugging Face's tokenizer has made of texts; see `Fixtures/record_tokens.py`.
    struct Fixture: Decodable {
        struct Case: Decodable {
            let text: String
            let tokens: [Int32]
        }
        let vocabulary: [String]
        let maximumLength: Int
        let cases: [Case]

        static func load() throws -> Fixture {
            let path = try #require(Bundle.module.url(forResource: "tokens", withExtension: "json"))
            return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: path))
        }
    }

    @Test("tokens equal Hugging Face's: accents, scripts, control characters, special tokens, long words")
    func huggingFace() throws {
        let fixture = try Fixture.load()
        let tokenizer = try WordPieceTokenizer(
            WordPieceVocabulary(fixture.vocabulary), maximumLength: fixture.maximumLength)
        for next in fixture.cases {
            #expect(tokenizer.encode(next.text) == next.tokens, "\(next.text.debugDescription)")
        }
    }

    @Test("invalid UTF-8 leaves no trace")
    func invalidBytes() throws {
        let tokenizer = try WordPieceTokenizer(WordPieceVocabulary(try Fixture.load().vocabulary))
        let expected = tokenizer.encode("the cat")
        // A stray byte, a lone surrogate, and a character that ends too early.
        for bytes in [
            [0x74, 0x68, 0x65, 0xFF, 0x20, 0x63, 0x61, 0x74], [0x74, 0x68, 0xED, 0xA0, 0x80, 0x65, 0x20, 0x63, 0x61, 0x74],
            [0x74, 0x68, 0x65, 0x20, 0x63, 0x61, 0x74, 0xE2, 0x82],
        ] as [[UInt8]] {
            #expect(bytes.withUnsafeBufferPointer { tokenizer.encode($0) } == expected, "\(bytes)")
        }
    }

    @Test("texts are cut to the maximum length, with [SEP] last")
    func truncation() throws {
        let fixture = try Fixture.load()
        let vocabulary = WordPieceVocabulary(fixture.vocabulary)
        let cut = try WordPieceTokenizer(vocabulary, maximumLength: 3).encode("the cat sat")
        #expect(cut == [vocabulary.number(of: "[CLS]"), vocabulary.number(of: "the"), vocabulary.number(of: "[SEP]")])
    }

    @Test("a vocabulary without what every text needs is refused")
    func missingTokens() {
        #expect(throws: DatasetError.missingToken(token: "[SEP]", tokens: 3)) {
            try WordPieceTokenizer(WordPieceVocabulary(["[PAD]", "[UNK]", "[CLS]"]))
        }
        #expect(throws: DatasetError.missingToken(token: "[PAD] as its first", tokens: 4)) {
            try WordPieceTokenizer(WordPieceVocabulary(["[UNK]", "[PAD]", "[CLS]", "[SEP]"]))
        }
    }
}
