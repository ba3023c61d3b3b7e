import Compute

extension Reference {
    /// The random word of an element.
    static func randomWord(_ index: Int, at position: RandomPosition) -> UInt32 {
        var position = position
        position.block &+= UInt64(index / 4)
        return Philox.words(at: position)[index % 4]
    }

    static func uniformFill(count: Int, low: Float, high: Float, at position: RandomPosition) -> [Estimate] {
        (0..<count).map { index in
            let uniform = Philox.uniform(randomWord(index, at: position))
            // The generator's own interval needs no arithmetic: the numbers are the same on every device.
            if low == 0 && high == 1 { return Estimate(uniform) }
            return Estimate(low) + (Estimate(high) - Estimate(low)) * Estimate(uniform)
        }
    }

    static func normalFill(count: Int, mean: Float, deviation: Float, at position: RandomPosition) -> [Estimate] {
        (0..<count).map { index in
            let first = randomWord(index & ~1, at: position)
            let second = randomWord(index | 1, at: position)
            let u = Double((first >> 8) + 1) * 0x1p-24
            let v = Double(second >> 8) * 0x1p-24
            let radius = (-2 * Estimate.log(Estimate(u))).squareRoot()
            let direction = Estimate.circle(v)
            let normal = radius * (index % 2 == 0 ? direction.cosine : direction.sine)
            return Estimate(mean) + Estimate(deviation) * normal
        }
    }
}
