import Compute

/// The inputs of one case, drawn from a stream that the case's name selects, so they stay the same when cases come and
/// go.
struct CaseData {
    private var generator: Philox

    init(stream name: String) { generator = Philox(seed: 0x5EED, stream: name) }

    mutating func word() -> UInt32 { UInt32(truncatingIfNeeded: generator.next()) }

    /// A number in `range`, from 24 random bits.
    mutating func float(in range: ClosedRange<Float> = -1...1) -> Float {
        range.lowerBound + (range.upperBound - range.lowerBound) * Philox.uniform(word())
    }

    mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
        (0..<count).map { _ in float(in: range) }
    }

    /// Small multiples of a half, many of them equal.
    mutating func halves(_ count: Int, levels: Int = 4) -> [Float] {
        (0..<count).map { _ in Float(integer(below: levels) - levels / 2) / 2 }
    }

    /// 0 or 1 with equal chance.
    mutating func bits(_ count: Int) -> [Float] { (0..<count).map { _ in Float(word() >> 31) } }

    mutating func integer(below bound: Int) -> Int { Int(UInt64(word()) * UInt64(bound) >> 32) }

    mutating func element<Element>(of choices: [Element]) -> Element { choices[integer(below: choices.count)] }
}
