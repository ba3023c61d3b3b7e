import Compute

/// Rows in host memory, in Float64: what `concord aggregate` works on, and the reference for the device.
public struct HostRows: GradientRows, Hashable, Sendable {
    public let rowCount: Int
    public let columnCount: Int
    /// Row-major.
    private var values: [Double]

    /// - Precondition: rows of equal length.
    public init(_ rows: [[Double]]) {
        rowCount = rows.count
        columnCount = rows.first?.count ?? 0
        values = rows.flatMap { $0 }
        precondition(values.count == rowCount * columnCount, "rows of different lengths")
    }

    private init(rows: Int, columns: Int, values: [Double]) {
        rowCount = rows
        columnCount = columns
        self.values = values
    }

    /// The elements of a row.
    public subscript(_ row: Int) -> [Double] { Array(values[row * columnCount..<(row + 1) * columnCount]) }

    public func zeros(rows: Int) -> HostRows {
        HostRows(rows: rows, columns: columnCount, values: Array(repeating: 0, count: rows * columnCount))
    }

    public func selecting(_ rows: [Int]) -> HostRows {
        HostRows(rows: rows.count, columns: columnCount, values: rows.flatMap { self[$0] })
    }

    public func replacing(_ positions: [Int], with rows: HostRows) -> HostRows {
        var result = self
        for (row, position) in positions.enumerated() {
            result.values.replaceSubrange(position * columnCount..<(position + 1) * columnCount, with: rows[row])
        }
        return result
    }

    public func scaled(by factors: [Double]) -> HostRows {
        precondition(factors.count == rowCount, "\(factors.count) factors for \(rowCount) rows")
        var result = self
        for row in 0..<rowCount {
            for index in row * columnCount..<(row + 1) * columnCount { result.values[index] *= factors[row] }
        }
        return result
    }

    public func combined(with weights: [Double]) -> HostRows {
        precondition(weights.count == rowCount, "\(weights.count) weights for \(rowCount) rows")
        var result = zeros(rows: 1)
        for row in 0..<rowCount {
            for column in 0..<columnCount { result.values[column] += weights[row] * values[row * columnCount + column] }
        }
        return result
    }

    private func combined(_ other: HostRows, _ function: (Double, Double) -> Double) -> HostRows {
        precondition(
            other.columnCount == columnCount && (other.rowCount == rowCount || other.rowCount == 1),
            "\(rowCount) × \(columnCount) and \(other.rowCount) × \(other.columnCount)")
        var result = self
        for index in values.indices {
            result.values[index] = function(
                values[index], other.values[other.rowCount == 1 ? index % columnCount : index])
        }
        return result
    }

    private func mapped(_ function: (Double) -> Double) -> HostRows {
        HostRows(rows: rowCount, columns: columnCount, values: values.map(function))
    }

    public static func + (left: HostRows, right: HostRows) -> HostRows { left.combined(right, +) }
    public static func - (left: HostRows, right: HostRows) -> HostRows { left.combined(right, -) }
    public static func * (left: HostRows, right: HostRows) -> HostRows { left.combined(right, *) }
    public static func / (left: HostRows, right: HostRows) -> HostRows { left.combined(right, /) }
    public func maximum(_ other: HostRows) -> HostRows { combined(other, max) }
    public func minimum(_ other: HostRows) -> HostRows { combined(other, min) }
    public func greater(than other: HostRows) -> HostRows { combined(other) { $0 > $1 ? 1 : 0 } }

    public func absolute() -> HostRows { mapped(abs) }
    public func squared() -> HostRows { mapped { $0 * $0 } }
    public func squareRoot() -> HostRows { mapped { $0.squareRoot() } }
    public func affine(scale: Double, shift: Double) -> HostRows { mapped { scale * $0 + shift } }

    public func sums() -> [Double] { (0..<rowCount).map { self[$0].reduce(0, +) } }
    public func gramian() -> SquareMatrix { products(with: self) }

    public func products(with other: HostRows) -> SquareMatrix {
        precondition(other.rowCount == rowCount && other.columnCount == columnCount, "matrices of different sizes")
        var result = SquareMatrix(size: rowCount)
        for row in 0..<rowCount {
            for column in 0..<rowCount {
                var sum = 0.0
                for index in 0..<columnCount {
                    sum += values[row * columnCount + index] * other.values[column * columnCount + index]
                }
                result[row, column] = sum
            }
        }
        return result
    }

    public func uniform(at position: RandomPosition) -> HostRows {
        var result = zeros(rows: 1)
        for block in 0..<(columnCount + 3) / 4 {
            let words = Philox.words(at: position.advanced(by: 4 * block))
            for lane in 0..<min(4, columnCount - 4 * block) {
                result.values[4 * block + lane] = Double(Philox.uniform(words[lane]))
            }
        }
        return result
    }
}
