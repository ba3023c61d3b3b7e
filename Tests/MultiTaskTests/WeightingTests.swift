import Foundation
import MultiTask
import Testing

@Suite("Weightings")
struct WeightingTests {
    @Test("PCGrad in coefficient space equals the paper's algorithm on vectors")
    func equalsAlgorithm() throws {
        let rows = [[1.0, 0.5, -2, 0.25], [-1.5, 1, 0.5, 1], [0.5, -2, 1, -1], [-1, -1, -1, 3]]
        let orders = [[3, 1, 0, 2], [0, 2, 3, 1], [1, 0, 3, 2], [2, 1, 0, 3]]
        var expected = [Double](repeating: 0, count: 4)
        for task in rows.indices {
            var gradient = rows[task]
            for other in orders[task] where other != task {
                let overlap = zip(gradient, rows[other]).reduce(0) { $0 + $1.0 * $1.1 }
                let norm = rows[other].reduce(0) { $0 + $1 * $1 }
                if overlap < 0 { gradient = zip(gradient, rows[other]).map { $0 - overlap / norm * $1 } }
            }
            expected = zip(expected, gradient).map(+)
        }
        var aggregation = Aggregation(.gramian(PCGrad(seed: 0)))
        let found = try aggregation(rows, orders: orders).aggregate
        for (found, expected) in zip(found, expected) { #expect(abs(found - expected) < 1e-12) }
    }

    @Test("the same seed draws the same orders, and every step draws new ones")
    func drawsOrders() throws {
        let gramian = SquareMatrix(gramianOf: [[1, -2, 0.5], [-1, 1, -1], [0.3, -0.7, -2], [-2, -1, 1.5]])
        let step = StepContext(taskCount: 4)
        var first = PCGrad(seed: 7)
        var second = PCGrad(seed: 7)
        let steps = try (0..<20).map { _ in try first.weights(for: gramian, in: step) }
        #expect(try (0..<20).map { _ in try second.weights(for: gramian, in: step) } == steps)
        #expect(Set(steps).count > 1)
    }

    @Test("a method goes on from its saved state")
    func restoresState() throws {
        let gramian = SquareMatrix(gramianOf: [[1, -2, 0.5], [-1, 1, -1], [0.3, -0.7, -2], [-2, -1, 1.5]])
        let step = StepContext(taskCount: 4)
        var method = PCGrad(seed: 3)
        for _ in 0..<5 { _ = try method.weights(for: gramian, in: step) }
        let state = try JSONEncoder().encode(method)
        var restored = try JSONDecoder().decode(PCGrad.self, from: state)
        for _ in 0..<5 { #expect(try restored.weights(for: gramian, in: step) == (try method.weights(for: gramian, in: step))) }
    }

    @Test("a gradient that is not finite is named", arguments: [Double.nan, .infinity])
    func refusesNotFinite(value: Double) {
        var method = Method.gramian(PCGrad(seed: 0))
        let step = StepContext(taskCount: 2)
        let gramian = SquareMatrix(size: 2, values: [1, 0, 0, value])
        #expect(throws: WeightingError.notFinite(task: 1)) { try method.weights(for: gramian, in: step) }
    }

    @Test("orders that do not fit are refused")
    func refusesOrders() {
        var aggregation = Aggregation(.gramian(PCGrad(seed: 0)))
        #expect(throws: WeightingError.self) { try aggregation([[1, 0], [0, 1]], orders: [[0, 1]]) }
        #expect(throws: WeightingError.self) { try aggregation([[1, 0], [0, 1]], orders: [[0, 2], [0, 1]]) }
    }

    @Test("an unknown method suggests the nearest")
    func suggestsMethod() {
        let known = Method.parameterNames(of: "cagrad")
        #expect(known == ["c", "rescale", "reduction", "normalize", "rescaleTo", "weightHeads", "weightMomentum"])
        #expect(
            throws: WeightingError.unknownParameter("rescal", method: "cagrad", nearest: "rescale", known: ["seed"] + known)
        ) { try Method(named: "cagrad", parameters: ["rescal": "1"], seed: 0) }
        #expect(
            throws: WeightingError.badParameter(
                method: "cagrad", parameter: "c", found: "-1", expected: "a number of at least 0")
        ) { try Method(named: "cagrad", parameters: ["c": "-1"], seed: 0) }
        #expect(throws: WeightingError.unknownMethod("pcgrat", nearest: "pcgrad", known: Method.names)) {
            try Method(named: "pcgrat", seed: 0)
        }
    }

    @Test("cosines and conflict rate")
    func conflicts() {
        let gramian = SquareMatrix(gramianOf: [[3, 0], [0, 2], [-1, 0], [0, 0]])
        #expect(gramian.conflictRate == 1.0 / 6)
        #expect(gramian.cosines.rows == [[1, 0, -1, 0], [0, 1, 0, 0], [-1, 0, 1, 0], [0, 0, 0, 1]])
    }

    @Test("reduction, normalisation, rescaling and averaging of weights")
    func options() throws {
        let rows = [[3.0, 0], [-1, 1], [0.5, 2]]
        let step = StepContext(taskCount: 3, losses: [2, 4, 5])
        let gramian = SquareMatrix(gramianOf: rows)
        func weights(_ name: String, _ parameters: [String: String], of gramian: SquareMatrix? = nil) throws -> [Double] {
            var method = try Method(named: name, parameters: parameters, seed: 0)
            return try method.weights(for: gramian ?? SquareMatrix(gramianOf: rows), in: step)
        }
        let sum = try weights("upgrad", ["reduction": "sum"])
        for (sum, mean) in zip(sum, try weights("upgrad", [:])) { #expect(abs(sum - 3 * mean) < 1e-12) }
        // Dividing a row by a number and the weight of the divided row by the same one.
        let normalized = zip(rows, [2.0, 4, 5]).map { row, loss in row.map { $0 / loss / norm(row) } }
        let expected = try weights("mgda", [:], of: SquareMatrix(gramianOf: normalized))
        for (index, found) in try weights("mgda", ["normalize": "lossL2"]).enumerated() {
            let factor = step.losses.map { 1 / $0[index] / norm(rows[index]) } ?? 0
            #expect(abs(found - expected[index] * factor) < 1e-9)
        }
        let matched = try weights("mgda", ["rescaleTo": "matchSumNorm"])
        let combined = (0..<2).map { column in (0..<3).reduce(0) { $0 + matched[$1] * rows[$1][column] } }
        #expect(abs(norm(combined) - norm([2.5, 3])) < 1e-9)
        var method = try Method(named: "mgda", parameters: ["weightMomentum": "0.9"], seed: 0)
        let first = try method.weights(for: gramian, in: step)
        let other = try weights("mgda", [:], of: SquareMatrix(gramianOf: [[1, 0], [0, 1], [2, 2]]))
        let second = try method.weights(for: SquareMatrix(gramianOf: [[1, 0], [0, 1], [2, 2]]), in: step)
        for index in 0..<3 { #expect(abs(second[index] - 0.9 * first[index] - 0.1 * other[index]) < 1e-12) }
    }
}
