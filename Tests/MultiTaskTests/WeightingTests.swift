import Foundation
import MultiTask
import Testing

@Suite("Weightings")
struct WeightingTests {
    /// A result that TorchJD has computed; the file says with which version.
    struct Golden: Decodable {
        let `case`: String
        let method: String
        let J: [[Double]]
        let orders: [[Int]]?
        let expected_w: [Double]
        let expected_aggregation: [Double]
        let tol: Double
    }

    static let goldens: [Golden] = {
        guard let url = Bundle.module.url(forResource: "aggregators", withExtension: "json", subdirectory: "Fixtures"),
            let data = try? Data(contentsOf: url), let goldens = try? JSONDecoder().decode([Golden].self, from: data)
        else { return [] }
        return goldens
    }()

    @Test("recorded results are present")
    func goldensArePresent() { #expect(WeightingTests.goldens.count == 34) }

    @Test("weights and direction equal TorchJD's", arguments: goldens.indices)
    func equalsTorchJD(index: Int) throws {
        let golden = WeightingTests.goldens[index]
        var aggregation = Aggregation(try Method(named: golden.method.lowercased(), seed: 0))
        let result = try aggregation(golden.J, orders: golden.orders)
        for (found, expected) in zip(try #require(result.weights), golden.expected_w) {
            #expect(abs(found - expected) <= golden.tol * max(1, abs(expected)), "\(golden.case) \(golden.method)")
        }
        for (found, expected) in zip(result.aggregate, golden.expected_aggregation) {
            #expect(abs(found - expected) <= golden.tol * max(1, abs(expected)), "\(golden.case) \(golden.method)")
        }
    }

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
}
