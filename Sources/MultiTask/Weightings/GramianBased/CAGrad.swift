/// Conflict-averse gradient descent (CAGrad).
///
/// The direction `d` with the largest progress of the task that gains least, `max minᵢ gᵢ·d`, among those near the mean
/// gradient g₀: `‖d - g₀‖ ≤ c·‖g₀‖`. Solved in this form, to the last digits: for a given progress t the nearest
/// direction is a projection onto half-spaces, `d = g₀ + Σ yᵢgᵢ` with `y ≥ 0`; its distance grows with t, in pieces that are
/// roots of quadratics, until it reaches the radius.
///
/// O(K³) for each of a few pieces, independent of the number of parameters.
///
/// Parameters: `c` = 0.5, 0 is the mean gradient; `rescale` = 0 leaves the direction, 1 divides it by 1 + c², 2 by 1 + c.
///
/// Source: Liu, Liu, Jin, Stone, Liu, "Conflict-Averse Gradient Descent for Multi-task Learning", NeurIPS 2021.
public struct CAGrad: GramianWeighting {
    public static let name = "cagrad"
    public static let reduction = Reduction.mean

    public var c: Double
    public var rescale: Int

    /// - Precondition: `c` is not negative, `rescale` in 0...2.
    public init(c: Double = 0.5, rescale: Int = 0) {
        precondition(c >= 0 && (0...2).contains(rescale), "CAGrad: c \(c) or rescale \(rescale)")
        self.c = c
        self.rescale = rescale
    }

    public init(_ parameters: inout MethodParameters) throws(WeightingError) {
        c = try parameters.nonNegative("c", default: 0.5)
        rescale = try parameters.integer("rescale", default: 0, atLeast: 0, atMost: 2)
    }

    public func weights(for gramian: SquareMatrix, in step: StepContext) -> [Double] {
        let problem = CosineProblem(gramian)
        let share = 1 / Double(gramian.size)
        var coefficients = problem.norms.map { $0 * share }
        for (position, value) in correction(problem, share: share).enumerated() { coefficients[position] += value }
        let factor = [1, 1 + c * c, 1 + c][rescale]
        return problem.weights(ofUnitVectors: coefficients.map { $0 / factor }, rest: share / factor)
    }

    /// The coefficients `y` of the unit vectors.
    private func correction(_ problem: CosineProblem, share: Double) -> [Double] {
        let cosines = problem.cosines
        guard c > 0, let longest = problem.norms.max() else { return [] }
        let mean = problem.norms.map { $0 * share }
        // Products of the mean with the unit vectors.
        let products = cosines.times(mean)
        let square = zip(mean, products).reduce(0) { $0 + $1.0 * $1.1 }
        // The mean is zero up to rounding: no direction is near it.
        if square <= 1e-24 * longest * longest { return [] }
        let radius = c * square.squareRoot()
        var solver = NonnegativeQuadratic(cosines)
        // Between the progress of the mean itself, where y = 0, and what no direction of this length can have.
        var low = zip(products, problem.norms).map(*).min() ?? 0
        var high = (problem.norms.min() ?? 0) * (1 + c) * square.squareRoot()
        var best: [Double] = []
        var target = low + 1e-3 * (high - low)
        for _ in 0..<100 where high - low > 1e-15 * max(abs(low), abs(high)) {
            guard solver.solve(hasMinimum: false, { target / problem.norms[$0] - products[$0] }) else {
                high = target
                target = (low + high) / 2
                continue
            }
            let solution = solver.solution
            let distance = max(cosines.quadraticForm(solution), 0).squareRoot()
            if distance <= radius {
                low = target
                best = solution
            } else {
                high = target
            }
            if abs(distance - radius) <= 1e-14 * radius {
                best = solution
                break
            }
            let root = CAGrad.root(for: radius, support: solver.support, problem, products)
            target = root.map { $0 > low && $0 < high ? $0 : (low + high) / 2 } ?? (low + high) / 2
        }
        // To the sphere: what is left is rounding, except where no progress is possible (c ≥ 1 at a stationary point).
        let distance = max(cosines.quadraticForm(best), 0).squareRoot()
        return distance > (1 - 1e-6) * radius ? best.map { $0 * radius / distance } : best
    }

    /// The progress at which the piece of the solution with these positive elements reaches the radius.
    ///
    /// On the piece `y = t·a - b` with `a = C⁻¹(1/d)` and `b = C⁻¹(products)`, so `‖Σ yᵢgᵢ‖²` is quadratic in t.
    private static func root(
        for radius: Double, support: [Int], _ problem: CosineProblem, _ products: [Double]
    ) -> Double? {
        if support.isEmpty { return nil }
        let cosines = LaneMatrix(problem.cosines)
        var factor = CholeskyFactor(capacity: support.count)
        for index in support {
            if factor.prepare(index, of: cosines) <= 0 { return nil }
            factor.accept()
        }
        let inverse = support.map { 1 / problem.norms[$0] }
        let offset = support.map { products[$0] }
        factor.solve(inverse)
        let a = support.indices.map { factor[$0] }
        factor.solve(offset)
        let b = support.indices.map { factor[$0] }
        func product(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
        // yᵀCy with C·a = inverse and C·b = offset.
        let (square, mixed, rest) = (product(a, inverse), product(a, offset), product(b, offset) - radius * radius)
        let discriminant = mixed * mixed - square * rest
        guard square > 0, discriminant >= 0 else { return nil }
        return (mixed + discriminant.squareRoot()) / square
    }
}
