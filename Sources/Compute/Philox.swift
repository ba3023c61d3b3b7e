/// A place in the random numbers of one seed: every stream is an independent sequence, `block` counts groups of four
/// 32-bit words in it.
public struct RandomPosition: Hashable, Sendable, Codable {
    public var seed: UInt64
    public var stream: UInt64
    public var block: UInt64

    public init(seed: UInt64, stream: UInt64, block: UInt64 = 0) {
        self.seed = seed
        self.stream = stream
        self.block = block
    }

    /// The position after the numbers of `count` elements were drawn from this one.
    public func advanced(by count: Int) -> RandomPosition {
        RandomPosition(seed: seed, stream: stream, block: block &+ UInt64((count + 3) / 4))
    }
}

/// The counter-based generator Philox4x32-10.
///
/// Any element of the sequence is computed from its position alone, so a CPU loop and a kernel with a million work-items
/// draw the same numbers in any order.
///
/// Source: Salmon, Moraes, Dror, Shaw: "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
public struct Philox: RandomNumberGenerator, Sendable {
    /// Where the next block is taken from.
    public private(set) var position: RandomPosition
    private var buffered: SIMD4<UInt32> = .zero
    private var consumed = 4

    public init(_ position: RandomPosition) { self.position = position }

    /// A generator whose stream is named: the same name gives the same sequence in every run.
    public init(seed: UInt64, stream name: String) {
        self.init(RandomPosition(seed: seed, stream: Philox.stream(named: name)))
    }

    /// A stable 64-bit number for a stream's name (FNV-1a).
    public static func stream(named name: String) -> UInt64 {
        name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }

    /// The four words at a position.
    public static func words(at position: RandomPosition) -> SIMD4<UInt32> {
        var counter = SIMD4(
            UInt32(truncatingIfNeeded: position.block), UInt32(truncatingIfNeeded: position.block >> 32),
            UInt32(truncatingIfNeeded: position.stream), UInt32(truncatingIfNeeded: position.stream >> 32))
        var key = SIMD2(UInt32(truncatingIfNeeded: position.seed), UInt32(truncatingIfNeeded: position.seed >> 32))
        for _ in 0..<10 {
            let first = UInt64(counter[0]) &* 0xD251_1F53
            let second = UInt64(counter[2]) &* 0xCD9E_8D57
            counter = SIMD4(
                UInt32(truncatingIfNeeded: second >> 32) ^ counter[1] ^ key[0], UInt32(truncatingIfNeeded: second),
                UInt32(truncatingIfNeeded: first >> 32) ^ counter[3] ^ key[1], UInt32(truncatingIfNeeded: first))
            key = key &+ SIMD2(0x9E37_79B9, 0xBB67_AE85)
        }
        return counter
    }

    /// A uniform number in [0, 1) from the 24 high bits of a word.
    public static func uniform(_ word: UInt32) -> Float { Float(word >> 8) * 0x1p-24 }

    public mutating func next() -> UInt64 {
        if consumed > 2 {
            buffered = Philox.words(at: position)
            position.block &+= 1
            consumed = 0
        }
        defer { consumed += 2 }
        return UInt64(buffered[consumed]) | UInt64(buffered[consumed + 1]) << 32
    }
}
