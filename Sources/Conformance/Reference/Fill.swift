import Compute

extension Reference {
    static func fill(_ fill: Fill, value: Float) -> [Estimate] {
        [Estimate](repeating: Estimate(value), count: fill.count)
    }
}
