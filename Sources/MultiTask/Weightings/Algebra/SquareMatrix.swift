/// A small dense matrix in Float64: the Gramian of the task gradients and what is computed from it.
public struct SquareMatrix: Hashable, Sendable {
    public let size: Int
    /// Row-major, `size²` values.
    public private(set) var values: [Double]

    /// - Precondition: `size²` values.
    public init(size: Int, values: [Double]) {
        precondition(values.count == size * size, "\(values.count) values for a \(size) × \(size) matrix")
        self.size = size
        self.values = values
    }

    /// Zeros.
    public init(size: Int) { self.init(size: size, values: Array(repeating: 0, count: size * size)) }

    public subscript(row: Int, column: Int) -> Double {
        get { values[row * size + column] }
        set { values[row * size + column] = newValue }
    }

    /// Rows of the matrix.
    public var rows: [[Double]] { (0..<size).map { Array(values[$0 * size..<($0 + 1) * size]) } }

    /// - Precondition: as many values in every row as there are rows.
    public init(_ rows: [[Double]]) {
        precondition(rows.allSatisfy { $0.count == rows.count }, "\(rows.count) rows of other lengths")
        self.init(size: rows.count, values: rows.flatMap { $0 })
    }

    /// Inner products of all pairs of rows of a matrix.
    public init(gramianOf rows: [[Double]]) {
        self.init(
            size: rows.count,
            values: rows.flatMap { row in rows.map { other in zip(row, other).reduce(0) { $0 + $1.0 * $1.1 } } })
    }

    public var diagonal: [Double] { (0..<size).map { self[$0, $0] } }

    /// Whether all numbers of a row are finite.
    func isFinite(row: Int) -> Bool { values[row * size..<(row + 1) * size].allSatisfy(\.isFinite) }

    /// The Gramian of the vectors multiplied by a factor each.
    func scaled(by factors: [Double]) -> SquareMatrix {
        var result = self
        for row in 0..<size {
            for column in 0..<size { result[row, column] *= factors[row] * factors[column] }
        }
        return result
    }

    /// `xᵀ·self·x`
    func quadraticForm(_ vector: [Double]) -> Double {
        var sum = 0.0
        for row in 0..<size {
            for column in 0..<size { sum += vector[row] * values[row * size + column] * vector[column] }
        }
        return sum
    }

    /// The cosines between the vectors whose Gramian this is; 0 where one of them is zero, 1 on the diagonal.
    public var cosines: SquareMatrix {
        var result = self
        for row in 0..<size {
            for column in 0..<size {
                let norms = (self[row, row] * self[column, column]).squareRoot()
                result[row, column] = row == column ? 1 : norms > 0 ? self[row, column] / norms : 0
            }
        }
        return result
    }

    /// The share of pairs of different vectors that point away from each other.
    public var conflictRate: Double {
        let pairs = (0..<size).flatMap { row in (row + 1..<max(size, row + 1)).map { (row, $0) } }
        if pairs.isEmpty { return 0 }
        return Double(pairs.count { self[$0.0, $0.1] < 0 }) / Double(pairs.count)
    }
}
