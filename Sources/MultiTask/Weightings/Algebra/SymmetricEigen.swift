/// The eigenvalues and eigenvectors of a symmetric matrix, by cyclic Jacobi rotations: slower than reduction to
/// tridiagonal form, and accurate to the last digits for the small matrices that occur here.
///
/// O(K³) per sweep, six to ten sweeps.
///
/// Source: Golub, Van Loan, "Matrix Computations", 4th edition, section 8.5.
package struct SymmetricEigen: Sendable {
    /// Ascending.
    package let values: [Double]
    /// A row per eigenvalue.
    package let vectors: [[Double]]

    package init(_ matrix: SquareMatrix) {
        let size = matrix.size
        // The matrix, and in the same rows its rotations: what is done to rows of one is done to rows of the other.
        var rotated = LaneMatrix(matrix)
        var rotations = LaneMatrix(rows: size, columns: size)
        for index in 0..<size { rotations[index, index] = 1 }
        let scale = matrix.values.reduce(0) { max($0, abs($1)) }
        for _ in 0..<30 {
            var largest = 0.0
            for p in 0..<size {
                for q in p + 1..<max(size, p + 1) {
                    let off = rotated[p, q]
                    largest = max(largest, abs(off))
                    if abs(off) <= 1e-17 * scale { continue }
                    let (a, b) = (rotated[p, p], rotated[q, q])
                    let theta = (b - a) / (2 * off)
                    let t = (theta < 0 ? -1 : 1) / (abs(theta) + (1 + theta * theta).squareRoot())
                    let c = 1 / (1 + t * t).squareRoot()
                    let s = t * c
                    rotated.mix(p, q, c, -s, s, c)
                    rotations.mix(p, q, c, -s, s, c)
                    for row in 0..<size where row != p && row != q {
                        rotated[row, p] = rotated[p, row]
                        rotated[row, q] = rotated[q, row]
                    }
                    rotated[p, p] = a - t * off
                    rotated[q, q] = b + t * off
                    rotated[p, q] = 0
                    rotated[q, p] = 0
                }
            }
            if largest <= 1e-16 * scale { break }
        }
        let order = (0..<size).sorted { rotated[$0, $0] < rotated[$1, $1] }
        values = order.map { rotated[$0, $0] }
        vectors = order.map { row in (0..<size).map { rotations[row, $0] } }
    }

    /// Whether an eigenvalue is more than rounding of the largest.
    func isKept(_ index: Int) -> Bool {
        values[index] > (values.last ?? 0) * Double(values.count) * Double.ulpOfOne && values[index] > 0
    }

    /// `Σ f(λ)·v·(v·x)` over the kept eigenvalues.
    func apply(to vector: [Double], _ function: (Double) -> Double) -> [Double] {
        var result = [Double](repeating: 0, count: vector.count)
        for index in values.indices where isKept(index) {
            let row = vectors[index]
            var projection = 0.0
            for element in row.indices { projection += row[element] * vector[element] }
            projection *= function(values[index])
            for element in row.indices { result[element] += projection * row[element] }
        }
        return result
    }
}

extension SquareMatrix {
    /// The solution of `self·x = b` of least norm, for a positive semidefinite matrix: with its inverse where it has one
    /// that can be trusted, else with the pseudo-inverse.
    func leastNormSolution(_ right: [Double]) -> [Double] {
        let problem = CosineProblem(self)
        let cosines = LaneMatrix(problem.cosines)
        var factor = CholeskyFactor(capacity: problem.count)
        for row in 0..<problem.count {
            if factor.prepare(row, of: cosines) < 1e-10 { return SymmetricEigen(self).apply(to: right) { 1 / $0 } }
            factor.accept()
        }
        factor.solve(problem.active.enumerated().map { right[$1] / problem.norms[$0] })
        return problem.weights(ofUnitVectors: (0..<problem.count).map { factor[$0] }, rest: 0)
    }
}
