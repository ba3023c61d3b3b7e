/// Rows of Float64 in lanes of eight, padded with zeros: the form in which the small solvers compute.
///
/// A row operation is a loop over vectors, which is what makes K × K problems fast without pointers.
struct LaneMatrix: Sendable {
    typealias Lanes = SIMD8<Double>

    let columns: Int
    /// Vectors per row.
    let stride: Int
    private(set) var lanes: ContiguousArray<Lanes>

    init(rows: Int, columns: Int) {
        self.columns = columns
        stride = (columns + 7) / 8
        lanes = ContiguousArray(repeating: .zero, count: rows * stride)
    }

    init(_ matrix: SquareMatrix) {
        self.init(rows: matrix.size, columns: matrix.size)
        for row in 0..<matrix.size {
            for column in 0..<matrix.size { self[row, column] = matrix[row, column] }
        }
    }

    subscript(row: Int, column: Int) -> Double {
        get { lanes[row * stride + column >> 3][column & 7] }
        set { lanes[row * stride + column >> 3][column & 7] = newValue }
    }

    /// The inner product of the first `count` elements of a row, rounded up to whole lanes, with a row of another matrix.
    func product(row: Int, with other: borrowing LaneMatrix, row otherRow: Int, count: Int) -> Double {
        var sum = Lanes.zero
        let (start, otherStart) = (row * stride, otherRow * other.stride)
        for lane in 0..<(count + 7) / 8 { sum += lanes[start + lane] * other.lanes[otherStart + lane] }
        return sum.sum()
    }

    /// Adds a multiple of a row of another matrix to a row: the first `count` elements, rounded up to whole lanes.
    mutating func add(_ factor: Double, of other: borrowing LaneMatrix, row otherRow: Int, toRow row: Int, count: Int) {
        let (start, otherStart) = (row * stride, otherRow * other.stride)
        for lane in 0..<(count + 7) / 8 { lanes[start + lane] += factor * other.lanes[otherStart + lane] }
    }

    /// Makes two rows their combinations `(a·x + b·y, c·x + d·y)`.
    mutating func mix(_ first: Int, _ second: Int, _ a: Double, _ b: Double, _ c: Double, _ d: Double) {
        let (x, y) = (first * stride, second * stride)
        for lane in 0..<stride {
            let (left, right) = (lanes[x + lane], lanes[y + lane])
            lanes[x + lane] = a * left + b * right
            lanes[y + lane] = c * left + d * right
        }
    }

    mutating func clear(row: Int) {
        for lane in row * stride..<(row + 1) * stride { lanes[lane] = .zero }
    }

    mutating func copy(row: Int, from other: borrowing LaneMatrix, row otherRow: Int) {
        for lane in 0..<stride { lanes[row * stride + lane] = other.lanes[otherRow * other.stride + lane] }
    }
}
