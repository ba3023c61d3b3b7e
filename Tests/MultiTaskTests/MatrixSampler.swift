import Compute
import Foundation

/// Random matrices of task gradients with known properties, in the manner of TorchJD's tests.
struct MatrixSampler {
    private var generator: Philox

    init(seed: UInt64) { generator = Philox(seed: seed, stream: "matrices") }

    mutating func normal() -> Double {
        let radius = (-2 * log((Double(generator.next() >> 11) + 1) * 0x1p-53)).squareRoot()
        return radius * cos(2 * .pi * Double(generator.next() >> 11) * 0x1p-53)
    }

    mutating func normals(_ rows: Int, _ columns: Int) -> [[Double]] {
        (0..<rows).map { _ in (0..<columns).map { _ in normal() } }
    }

    /// Independent rows, almost surely: `columns` is at least `rows`.
    mutating func fullRank(_ rows: Int, _ columns: Int) -> [[Double]] { normals(rows, columns) }

    /// Rows that are combinations of `rank` others.
    mutating func rankDeficient(_ rows: Int, _ columns: Int, rank: Int) -> [[Double]] {
        let (left, right) = (normals(rows, rank), normals(rank, columns))
        return left.map { row in
            (0..<columns).map { column in (0..<rank).reduce(0) { $0 + row[$1] * right[$1][column] } }
        }
    }

    /// Rows of which a combination with positive factors vanishes: a Pareto-stationary point.
    mutating func stationary(_ rows: Int, _ columns: Int) -> [[Double]] {
        var matrix = normals(rows - 1, columns)
        let factors = matrix.map { _ in abs(normal()) + 0.1 }
        matrix.append((0..<columns).map { column in -zip(matrix, factors).reduce(0) { $0 + $1.0[column] * $1.1 } })
        return matrix
    }

    /// Sizes from 1 × 1 on, with fewer columns than rows and with more.
    static let sizes = [(1, 1), (1, 9), (2, 1), (2, 7), (3, 3), (5, 4), (8, 20), (20, 12), (20, 40)]
}
