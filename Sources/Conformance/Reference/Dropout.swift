import Compute

extension Reference {
    static func dropout(_ dropout: Dropout, input: [Float], probability: Float, at position: RandomPosition)
        -> [Estimate]
    {
        input.enumerated().map { index, x in
            let word = randomWord(index % dropout.count, at: position)
            return Philox.uniform(word) < probability ? 0 : Estimate(x) * (1 / (1 - Estimate(probability)))
        }
    }
}
