import Compute
import Testing

@Suite struct PhiloxTests {
    struct KnownAnswer: CustomTestStringConvertible, Sendable {
        var counter: SIMD4<UInt32>
        var key: SIMD2<UInt32>
        var words: SIMD4<UInt32>
        var testDescription: String { "counter \(counter), key \(key)" }

        /// The generator's position with this counter and key.
        var position: RandomPosition {
            RandomPosition(
                seed: UInt64(key[0]) | UInt64(key[1]) << 32, stream: UInt64(counter[2]) | UInt64(counter[3]) << 32,
                block: UInt64(counter[0]) | UInt64(counter[1]) << 32)
        }
    }

    /// The vectors of philox4x32_10 that Random123 publishes in `kat_vectors`.
    static let knownAnswers = [
        KnownAnswer(counter: .zero, key: .zero, words: [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8]),
        KnownAnswer(
            counter: SIMD4(repeating: .max), key: SIMD2(repeating: .max),
            words: [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD]),
        KnownAnswer(
            counter: [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344], key: [0xA409_3822, 0x299F_31D0],
            words: [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1]),
    ]

    @Test("gives the published words", arguments: knownAnswers)
    func publishedWords(_ answer: KnownAnswer) {
        #expect(Philox.words(at: answer.position) == answer.words)
    }

    @Test("hands out the words of consecutive blocks in order")
    func consecutiveBlocks() {
        var generator = Philox(RandomPosition(seed: 0, stream: 0))
        let second = Philox.words(at: RandomPosition(seed: 0, stream: 0, block: 1))
        #expect(generator.next() == 0xE169_C58D_6627_E8D5)
        #expect(generator.next() == 0x9B00_DBD8_BC57_AC4C)
        #expect(generator.next() == UInt64(second[0]) | UInt64(second[1]) << 32)
        #expect(generator.position.block == 2)
    }

    @Test("a position moves on by whole blocks of four", arguments: [(0, 0), (1, 1), (4, 1), (5, 2), (1000, 250)])
    func advance(count: Int, blocks: UInt64) {
        let position = RandomPosition(seed: 1, stream: 2, block: 10)
        #expect(position.advanced(by: count) == RandomPosition(seed: 1, stream: 2, block: 10 + blocks))
    }

    @Test("uniform numbers take the 24 high bits and stay below 1")
    func uniform() {
        #expect(Philox.uniform(0) == 0)
        #expect(Philox.uniform(0xFF) == 0)
        #expect(Philox.uniform(0x100) == 0x1p-24)
        #expect(Philox.uniform(0x8000_0000) == 0.5)
        #expect(Philox.uniform(.max) == Float(1).nextDown)
    }

    /// Values of FNV-1a with 64 bits from its authors' test suite.
    @Test("a stream's number is FNV-1a of its name")
    func streamNames() {
        #expect(Philox.stream(named: "") == 0xCBF2_9CE4_8422_2325)
        #expect(Philox.stream(named: "a") == 0xAF63_DC4C_8601_EC8C)
        #expect(Philox.stream(named: "foobar") == 0x8594_4171_F739_67E8)
    }
}
