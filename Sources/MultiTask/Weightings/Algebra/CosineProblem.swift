/// A Gramian taken apart into norms and cosines, without the rows of zero gradients.
///
/// Solvers work on the cosines: they have no unit and are well scaled where norms differ by orders of magnitude. A zero
/// gradient has no direction, so it takes no part, and the other tasks train as if it were absent.
struct CosineProblem: Sendable {
    /// Positions in the Gramian of the gradients that are not zero.
    let active: [Int]
    /// Their norms.
    let norms: [Double]
    /// Their cosines, ones on the diagonal.
    let cosines: SquareMatrix
    private let size: Int

    init(_ gramian: SquareMatrix) {
        size = gramian.size
        active = (0..<gramian.size).filter { gramian[$0, $0] >= .leastNormalMagnitude }
        norms = active.map { gramian[$0, $0].squareRoot() }
        var cosines = SquareMatrix(size: active.count)
        for (row, first) in active.enumerated() {
            for (column, second) in active.enumerated() {
                cosines[row, column] =
                    row == column ? 1 : min(max(gramian[first, second] / norms[row] / norms[column], -1), 1)
            }
        }
        self.cosines = cosines
    }

    var count: Int { active.count }

    /// The weights of all gradients from the coefficients of the unit vectors.
    ///
    /// - Parameter rest: the weight of zero gradients, which matters to heads only.
    func weights(ofUnitVectors coefficients: [Double], rest: Double) -> [Double] {
        var weights = [Double](repeating: rest, count: size)
        for (position, index) in active.enumerated() { weights[index] = coefficients[position] / norms[position] }
        return weights
    }
}

extension SquareMatrix {
    func times(_ vector: [Double]) -> [Double] {
        var result = [Double](repeating: 0, count: size)
        for row in 0..<size {
            var sum = 0.0
            for column in 0..<size { sum += values[row * size + column] * vector[column] }
            result[row] = sum
        }
        return result
    }
}
