import Checkpoints
import Compute
import Foundation
import Networks
import Tensors
import Testing

/// Numbers in [-1, 1) that belong to a name, the same on every run.
func numbers(_ name: String, count: Int) -> [Float] {
    var generator = Philox(seed: 3, stream: name)
    return (0..<count).map { _ in
        Philox.uniform(UInt32(truncatingIfNeeded: generator.next() as UInt64)) * 2 - 1
    }
}

/// Gives every parameter, or those whose name contains a text, values that belong to the name.
func fill(_ arena: ParameterArena, containing text: String? = nil) throws {
    for segment in arena.segments where text.map(segment.name.contains) ?? true {
        try arena.view(of: segment, in: arena.values).overwrite(with: numbers(segment.name, count: segment.shape.count))
    }
}

extension ParameterArena {
    /// The values of a parameter.
    func floats(_ name: String) throws -> [Float] {
        let segment = try #require(segments.first { $0.name == name }, "no parameter \(name)")
        return try view(of: segment, in: values).floats()
    }
}

/// Expects values to agree up to an absolute distance.
func expectClose(
    _ found: [Float], _ expected: [Double], within tolerance: Double, _ what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(found.count == expected.count, "\(what)", sourceLocation: sourceLocation)
    let worst = zip(found, expected).map { abs(Double($0) - $1) }.reduce(0) { $1 <= $0 ? $0 : $1 }
    #expect(worst <= tolerance, "\(what): off by \(worst)", sourceLocation: sourceLocation)
}

func expectClose(
    _ found: [Float], _ expected: [Float], within tolerance: Double, _ what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    expectClose(found, expected.map(Double.init), within: tolerance, what, sourceLocation: sourceLocation)
}

/// A matrix in Float64, for references.
struct Matrix {
    var rows: Int
    var columns: Int
    var values: [Double]

    init(_ values: [Float], _ rows: Int, _ columns: Int) {
        self.init(rows, columns, values.map(Double.init))
    }

    init(_ rows: Int, _ columns: Int, _ values: [Double]) {
        precondition(values.count == rows * columns)
        (self.rows, self.columns, self.values) = (rows, columns, values)
    }

    subscript(_ row: Int, _ column: Int) -> Double {
        get { values[row * columns + column] }
        set { values[row * columns + column] = newValue }
    }

    static func * (a: Matrix, b: Matrix) -> Matrix {
        var result = Matrix(a.rows, b.columns, Array(repeating: 0, count: a.rows * b.columns))
        for i in 0..<a.rows {
            for j in 0..<b.columns { for k in 0..<a.columns { result[i, j] += a[i, k] * b[k, j] } }
        }
        return result
    }

    static func * (factor: Double, a: Matrix) -> Matrix { Matrix(a.rows, a.columns, a.values.map { factor * $0 }) }
    static func + (a: Matrix, b: Matrix) -> Matrix { Matrix(a.rows, a.columns, zip(a.values, b.values).map(+)) }

    var transposed: Matrix {
        var result = Matrix(columns, rows, values)
        for i in 0..<rows { for j in 0..<columns { result[j, i] = self[i, j] } }
        return result
    }

    /// Adds a vector to every row.
    func adding(_ vector: [Float]) -> Matrix {
        Matrix(rows, columns, values.enumerated().map { $1 + Double(vector[$0 % columns]) })
    }

    var relu: Matrix { Matrix(rows, columns, values.map { max($0, 0) }) }
}

func temporaryPath() -> String { NSTemporaryDirectory() + "concord-\(UUID().uuidString)" }
