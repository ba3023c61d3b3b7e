/// Minimises `½·xᵀAx - bᵀx` over `x ≥ 0` for a positive semidefinite matrix with ones on its diagonal, exactly.
///
/// The dual active-set method for the equivalent problem of projecting onto an intersection of half-spaces. It starts from
/// `x = 0` and adds the constraint that is violated most, dropping others on the way; the active rows stay linearly
/// independent, so rank-deficient matrices and equal rows need no regularisation. Finite; in practice about as many
/// iterations as there are positive elements. O(p² + K·p) each for p positive elements.
///
/// Source: Goldfarb, Idnani, "A Numerically Stable Dual Method for Solving Strictly Convex Quadratic Programs",
/// Mathematical Programming 27, 1983.
struct NonnegativeQuadratic: Sendable {
    private let size: Int
    private let matrix: LaneMatrix
    private var factor: CholeskyFactor
    private var right: [Double]
    /// One row: `A·x - b`.
    private var gradient: LaneMatrix
    /// Rows that are active, or left out.
    private var isDecided: [Bool]
    /// The solution of the last call.
    private(set) var solution: [Double]

    /// Squares of the sine of an angle below which a row counts as dependent on the active ones.
    private static let dependence = 1e-12
    /// Violations below this, relative to the numbers in play, are rounding.
    private static let tolerance = 1e-13

    /// - Precondition: ones on the diagonal.
    init(_ matrix: SquareMatrix) {
        size = matrix.size
        self.matrix = LaneMatrix(matrix)
        factor = CholeskyFactor(capacity: size)
        right = Array(repeating: 0, count: size)
        gradient = LaneMatrix(rows: 1, columns: max(size, 1))
        isDecided = Array(repeating: false, count: size)
        solution = right
    }

    /// The elements that are positive in the solution.
    var support: [Int] { factor.indices }

    /// Solves for a right side; ``solution`` holds the result.
    ///
    /// - Parameter hasMinimum: says that there is one. A contradiction is then rounding, and the row is left out.
    /// - Returns: false if the objective has no minimum: the half-spaces have no common point.
    @discardableResult
    mutating func solve(hasMinimum: Bool = true, _ right: (Int) -> Double) -> Bool {
        factor.clear()
        var scale = 0.0
        for index in 0..<size {
            self.right[index] = right(index)
            gradient[0, index] = -self.right[index]
            solution[index] = 0
            isDecided[index] = false
            scale = max(scale, abs(self.right[index]))
        }
        for _ in 0..<20 * size {
            var worst = -1
            var violation = -NonnegativeQuadratic.tolerance * scale
            for index in 0..<size where !isDecided[index] && gradient[0, index] < violation {
                worst = index
                violation = gradient[0, index]
            }
            if worst < 0 { break }
            isDecided[worst] = true
            if !activate(worst) {
                if !hasMinimum { return false }
                solution[worst] = 0
            }
            scale = max(scale, abs(solution[worst]))
        }
        polish()
        return true
    }

    /// Makes a violated constraint active, dropping those whose multiplier would turn negative.
    ///
    /// - Returns: false if it contradicts the others.
    private mutating func activate(_ new: Int) -> Bool {
        while true {
            let rest = factor.prepare(new, of: matrix)
            factor.solvePrepared()
            let full = rest > NonnegativeQuadratic.dependence ? max(-gradient[0, new], 0) / rest : .infinity
            var length = full
            var blocking = -1
            for position in factor.indices.indices where factor[position] > 0 {
                let ratio = solution[factor.indices[position]] / factor[position]
                if ratio < length {
                    length = ratio
                    blocking = position
                }
            }
            if length == .infinity { return false }
            solution[new] += length
            gradient.add(length, of: matrix, row: new, toRow: 0, count: size)
            for position in factor.indices.indices {
                let (index, change) = (factor.indices[position], length * factor[position])
                solution[index] -= change
                gradient.add(-change, of: matrix, row: index, toRow: 0, count: size)
            }
            if blocking < 0 {
                factor.accept()
                return true
            }
            let index = factor.indices[blocking]
            solution[index] = 0
            isDecided[index] = false
            factor.remove(at: blocking, of: matrix)
        }
    }

    /// Solves once more for the elements that are positive, which removes what rounding has added up.
    private mutating func polish() {
        factor.solve(factor.indices.map { right[$0] })
        for position in factor.indices.indices { solution[factor.indices[position]] = max(factor[position], 0) }
    }
}
