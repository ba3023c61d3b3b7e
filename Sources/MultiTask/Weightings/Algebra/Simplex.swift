import Foundation

/// The set of weights that are not negative and sum to 1.
enum Simplex {
    /// The nearest point of the simplex.
    ///
    /// Source: Duchi, Shalev-Shwartz, Singer, Chandra, "Efficient Projections onto the l1-Ball for Learning in High
    /// Dimensions", ICML 2008, figure 1.
    static func projection(of point: [Double]) -> [Double] {
        var threshold = 0.0
        var sum = 0.0
        for (index, value) in point.sorted(by: >).enumerated() {
            sum += value
            let candidate = (sum - 1) / Double(index + 1)
            if value > candidate { threshold = candidate }
        }
        return point.map { max($0 - threshold, 0) }
    }

    /// `exp(xᵢ) / Σ exp(xⱼ)`
    static func softmax(_ values: [Double]) -> [Double] {
        let largest = values.max() ?? 0
        let powers = values.map { exp($0 - largest) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
    }
}
