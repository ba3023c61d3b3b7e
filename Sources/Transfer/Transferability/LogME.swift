import Foundation
import MultiTask

/// How well features predict targets, before anything is trained on them: the logarithm of the maximum evidence of a
/// Bayesian linear model, per sample. Higher is better; scores of features of different numbers can be compared.
///
/// With a prior of precision α over the weights and noise of precision β, the evidence p(y | F) is maximised over both by
/// fixed-point iteration. What depends on the features alone is computed once and serves for all targets.
/// O(n·d² + d³) for n samples of d features, in Float64.
///
/// Sources: You, Liu, Wang, Long, "LogME: Practical Assessment of Pre-trained Models for Transfer Learning", ICML 2021;
/// the iteration of You et al., "Ranking and Tuning Pre-trained Models", JMLR 23, 2022, algorithm 3.
public struct LogME: Sendable {
    private let features: [Double]
    private let rows: Int
    private let columns: Int
    /// Of FᵀF, ascending.
    private let eigenvalues: [Double]
    /// A row per eigenvalue.
    private let eigenvectors: [[Double]]

    /// - Parameter features: `rows` samples one after the other.
    /// - Precondition: at least one sample and one feature; all rows are complete.
    public init(features: [Float], rows: Int) {
        precondition(rows > 0 && !features.isEmpty && features.count % rows == 0, "LogME: \(features.count) values in \(rows) rows")
        self.rows = rows
        columns = features.count / rows
        let values = features.map(Double.init)
        self.features = values
        var products = [Double](repeating: 0, count: columns * columns)
        for start in stride(from: 0, to: values.count, by: columns) {
            for i in 0..<columns where values[start + i] != 0 {
                let value = values[start + i]
                for j in i..<columns { products[i * columns + j] += value * values[start + j] }
            }
        }
        for i in 0..<columns { for j in 0..<i { products[i * columns + j] = products[j * columns + i] } }
        let eigen = SymmetricEigen(SquareMatrix(size: columns, values: products))
        eigenvalues = eigen.values.map { max($0, 0) }
        eigenvectors = eigen.vectors
    }

    /// The score for classes: the mean over the classes, each against the others, of those that occur.
    ///
    /// - Parameter labels: one per sample.
    public func score(labels: [Int32]) -> Double {
        let classes = Set(labels).sorted()
        return classes.reduce(0) { sum, label in sum + score(labels.map { $0 == label ? 1 : 0 }) } / Double(classes.count)
    }

    /// The score for real numbers: the mean over the columns.
    ///
    /// - Parameter values: the samples one after the other.
    public func score(values: [Float]) -> Double {
        precondition(!values.isEmpty && values.count % rows == 0, "LogME: \(values.count) values for \(rows) samples")
        let width = values.count / rows
        return (0..<width).reduce(0) { sum, column in
            sum + score((0..<rows).map { Double(values[$0 * width + column]) })
        } / Double(width)
    }

    /// The maximal log evidence of one column of targets, divided by the number of samples.
    func score(_ target: [Double]) -> Double {
        precondition(target.count == rows, "LogME: \(target.count) targets for \(rows) samples")
        var projected = [Double](repeating: 0, count: columns)
        for (row, value) in target.enumerated() where value != 0 {
            for column in 0..<columns { projected[column] += features[row * columns + column] * value }
        }
        // The squared parts of y along the directions of the features, and what no feature explains.
        let scale = eigenvalues.last ?? 0
        var parts: [(eigenvalue: Double, square: Double)] = []
        for (eigenvalue, vector) in zip(eigenvalues, eigenvectors) where eigenvalue > 1e-12 * scale {
            let part = zip(vector, projected).reduce(0) { $0 + $1.0 * $1.1 }
            parts.append((eigenvalue, part * part / eigenvalue))
        }
        let total = target.reduce(0) { $0 + $1 * $1 }
        let unexplained = max(total - parts.reduce(0) { $0 + $1.square }, 0)
        // Targets that features fit perfectly, or not at all, have no largest evidence.
        let floor = max(1e-12 * total, .leastNormalMagnitude)
        let count = Double(rows)

        var (alpha, beta) = (1.0, 1.0)
        func sums() -> (effective: Double, weights: Double, residual: Double) {
            let ratio = alpha / beta
            var result = (effective: 0.0, weights: 0.0, residual: unexplained)
            for (eigenvalue, square) in parts {
                let denominator = eigenvalue + ratio
                result.effective += eigenvalue / denominator
                result.weights += eigenvalue * square / (denominator * denominator)
                result.residual += square * (ratio / denominator) * (ratio / denominator)
            }
            return result
        }
        for _ in 0..<1000 {
            let before = alpha / beta
            let (effective, weights, residual) = sums()
            alpha = effective / max(weights, 1e-12)
            beta = (count - effective) / max(residual, floor)
            if abs(alpha / beta - before) <= 1e-9 * before { break }
        }
        let (_, weights, residual) = sums()
        // Directions without features leave the determinant's share of α and the prior's alike, which cancel.
        let determinant = parts.reduce(0) { $0 + log(1 + beta / alpha * $1.eigenvalue) }
        let evidence =
            count / 2 * log(beta) - determinant / 2 - beta / 2 * residual
            - alpha / 2 * weights - count / 2 * log(2 * .pi)
        return evidence / count
    }
}
