/// The factor of `A_F = L·Lᵀ` for some rows and columns F of a matrix, which come and go: the workspace of the solvers.
struct CholeskyFactor: Sendable {
    /// F, in the order in which its elements came.
    private(set) var indices: [Int] = []
    /// L row by row; below them the row that was prepared.
    private var lower: LaneMatrix
    /// One row: the right side, then the solution.
    private var vector: LaneMatrix
    private var prepared = (index: 0, rest: 0.0)

    /// - Parameter capacity: the largest number of elements.
    init(capacity: Int) {
        lower = LaneMatrix(rows: capacity + 1, columns: max(capacity, 1))
        vector = LaneMatrix(rows: 1, columns: max(capacity, 1))
        indices.reserveCapacity(capacity)
    }

    mutating func clear() { indices.removeAll(keepingCapacity: true) }

    /// Computes what a further row and column would add.
    ///
    /// - Returns: the Schur complement, which is 0 if the new row depends on those that are there.
    mutating func prepare(_ index: Int, of matrix: LaneMatrix) -> Double {
        let count = indices.count
        lower.clear(row: count)
        for row in 0..<count {
            let known = lower.product(row: row, with: lower, row: count, count: row)
            lower[count, row] = (matrix[index, indices[row]] - known) / lower[row, row]
        }
        let rest = matrix[index, index] - lower.product(row: count, with: lower, row: count, count: count)
        prepared = (index, rest)
        return rest
    }

    /// Adds the row that was prepared, whose Schur complement must be above zero.
    mutating func accept() {
        lower[indices.count, indices.count] = prepared.rest.squareRoot()
        indices.append(prepared.index)
    }

    /// Removes the element at a position.
    mutating func remove(at position: Int, of matrix: LaneMatrix) {
        let later = indices[(position + 1)...]
        indices.removeSubrange(position...)
        for index in later {
            // A part of independent rows is independent.
            prepared.rest = max(prepare(index, of: matrix), .leastNormalMagnitude)
            accept()
        }
    }

    /// Solves `A_F·x = a` for the column `a` of the element that was prepared.
    mutating func solvePrepared() {
        vector.copy(row: 0, from: lower, row: indices.count)
        substituteBack()
    }

    /// Solves `A_F·x = b`.
    ///
    /// - Parameter right: in the order of ``indices``.
    mutating func solve(_ right: [Double]) {
        vector.clear(row: 0)
        for row in indices.indices {
            let known = lower.product(row: row, with: vector, row: 0, count: row)
            vector[0, row] = (right[row] - known) / lower[row, row]
        }
        substituteBack()
    }

    /// An element of the solution, in the order of ``indices``.
    subscript(_ position: Int) -> Double { vector[0, position] }

    private mutating func substituteBack() {
        for row in stride(from: indices.count - 1, through: 0, by: -1) {
            let value = vector[0, row] / lower[row, row]
            // Whole lanes also change the element itself, which is therefore set afterwards, and elements behind it only
            // by the zeros above the diagonal.
            vector.add(-value, of: lower, row: row, toRow: 0, count: row)
            vector[0, row] = value
        }
    }
}
