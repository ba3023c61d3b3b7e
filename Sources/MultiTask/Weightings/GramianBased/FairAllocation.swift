import Foundation

/// The equations of Nash-MTL and FairGrad, `(G·w)ᵢ = wᵢ^(-1/α)`.
enum FairAllocation {
    /// Keeps solutions finite where positive combinations of the gradients vanish and the equations have none: weights
    /// then stay below 10⁶ times the usual. Elsewhere the error it makes is near 1e-12.
    private static let regularization = 1e-12

    /// The positive solution.
    ///
    /// On coefficients `v = D·w/κ` of unit vectors the equations read `(C·v)ᵢ = aᵢ·vᵢ^(-p)` with `p = 1/α` and
    /// `aᵢ = (dᵢ/d̄)^(p-1)` for the geometric mean `d̄` of the norms: for α = 1 norms do not matter at all.
    static func weights(_ problem: CosineProblem, alpha: Double) -> [Double] {
        let count = problem.count
        if count == 0 { return problem.weights(ofUnitVectors: [], rest: 0) }
        let power = 1 / alpha
        let mean = exp(problem.norms.reduce(0) { $0 + log($1) } / Double(count))
        let rates = problem.norms.map { pow($0 / mean, power - 1) }
        var cosines = problem.cosines
        for index in 0..<count { cosines[index, index] += regularization }
        let solution = solve(cosines, rates: rates, power: power)
        // κ from G = d̄²·G̃: (G·w)ᵢ = wᵢ^(-p) scales as κ^(1+p) = d̄^(-2), and w = κ·d̄·D⁻¹·v.
        let scale = pow(mean, -2 / (1 + power)) * mean
        return problem.weights(ofUnitVectors: solution.map { $0 * scale }, rest: 0)
    }

    /// Minimises `½·vᵀCv + Σ aᵢ·φ(vᵢ)` with `φ' = -v^(-p)` by Newton steps that stay inside `v > 0`.
    private static func solve(_ cosines: SquareMatrix, rates: [Double], power: Double) -> [Double] {
        let count = cosines.size
        var point = rates.map { pow($0, 1 / (1 + power)) }
        var products = cosines.times(point)
        var value = objective(point, products, rates, power)
        var matrix = LaneMatrix(cosines)
        var factor = CholeskyFactor(capacity: count)
        var (residual, scales, step) = (point, point, point)
        var lastError = Double.infinity
        for _ in 0..<200 {
            var error = 0.0
            for index in 0..<count {
                let wanted = rates[index] * pow(point[index], -power)
                residual[index] = wanted - products[index]
                error = max(error, abs(residual[index]) / wanted)
                // The Hessian scaled by the point itself has no unit.
                scales[index] = point[index]
                let curvature = power * wanted / point[index]
                for other in 0..<count { matrix[index, other] = cosines[index, other] * point[index] * point[other] }
                matrix[index, index] = matrix[index, index] + curvature * point[index] * point[index]
            }
            // Rounding ends the quadratic convergence where weights are large against their direction.
            if error <= 1e-14 || (error < 1e-7 && error > 0.25 * lastError) { break }
            lastError = error
            factor.clear()
            for index in 0..<count {
                if factor.prepare(index, of: matrix) <= 0 { return point }
                factor.accept()
            }
            factor.solve((0..<count).map { residual[$0] * scales[$0] })
            var (slope, longest) = (0.0, 0.0)
            for index in 0..<count {
                step[index] = factor[index] * scales[index]
                slope -= step[index] * residual[index]
                longest = max(longest, -factor[index])
            }
            var length = longest > 0.9 ? 0.9 / longest : 1
            let before = value
            while true {
                let next = (0..<count).map { point[$0] + length * step[$0] }
                let nextProducts = cosines.times(next)
                let nextValue = objective(next, nextProducts, rates, power)
                if nextValue <= before + 1e-4 * length * slope || length < 1e-6 || -slope <= 1e-10 * (abs(before) + 1) {
                    (point, products, value) = (next, nextProducts, nextValue)
                    break
                }
                length /= 2
            }
        }
        return point
    }

    private static func objective(_ point: [Double], _ products: [Double], _ rates: [Double], _ power: Double) -> Double {
        var sum = 0.0
        for index in point.indices {
            let barrier = power == 1 ? -log(point[index]) : -pow(point[index], 1 - power) / (1 - power)
            sum += 0.5 * point[index] * products[index] + rates[index] * barrier
        }
        return sum
    }
}
