import Compute

/// An input at which a derivative is checked.
///
/// Where a function has kinks, the values keep a distance from them that the differences do not bridge.
struct DerivativeInput: Sendable {
    enum Distribution: Sendable {
        case uniform(ClosedRange<Float>)
        /// Uniform magnitudes with random signs.
        case signed(ClosedRange<Float>)
        /// One of some values.
        case choice([Float])
        /// Some values in turn, so that each is there equally often.
        case cycle([Float])
        /// All different, in random order and around 0, neighbours so far apart.
        case distinct(spacing: Float)
    }

    let shape: Shape
    let distribution: Distribution

    init(_ shape: Shape, _ distribution: Distribution = .uniform(-1...1)) {
        self.shape = shape
        self.distribution = distribution
    }

    /// The values that belong to the name of a stream.
    func values(stream: String) -> [Float] {
        var generator = Philox(seed: 1, stream: stream)
        func uniform(in range: ClosedRange<Float>) -> Float {
            range.lowerBound
                + (range.upperBound - range.lowerBound) * Philox.uniform(UInt32(truncatingIfNeeded: generator.next()))
        }
        switch distribution {
        case .uniform(let range): return (0..<shape.count).map { _ in uniform(in: range) }
        case .signed(let range):
            return (0..<shape.count).map { _ in uniform(in: range) * (generator.next() & 1 == 0 ? 1 : -1) }
        case .choice(let choices):
            return (0..<shape.count).map { _ in choices[Int(generator.next() % UInt64(choices.count))] }
        case .cycle(let choices): return (0..<shape.count).map { choices[$0 % choices.count] }
        case .distinct(let spacing):
            return (0..<shape.count).shuffled(using: &generator).map { spacing * (Float($0) - Float(shape.count) / 2) }
        }
    }
}
