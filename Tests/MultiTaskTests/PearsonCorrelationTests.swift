import MultiTask
import Testing

@Suite("Pearson's correlation")
struct PearsonCorrelationTests {
    private let predictions = [3.0, -4.25, -3.25, -2.75, -3.25, 3, 3.625, 0.75, -4.625, -4.125, -1.75, -0.75]
    private let targets = [2, -2.25, -2.875, -3.125, -0.75, 2.625, -0.5625, -1.625, -2.5625, -2.6875, 1, -0.375]

    private func correlation(_ predictions: [Double], _ targets: [Double]) -> Double? {
        var correlation = PearsonCorrelation()
        for (prediction, target) in zip(predictions, targets) { correlation.add(prediction: prediction, target: target) }
        return correlation.value
    }

    /// SciPy: `pearsonr(predictions, targets)`, and with 1e6 added to the predictions.
    @Test("agrees with SciPy, far from zero, too")
    func recorded() throws {
        #expect(abs(try #require(correlation(predictions, targets)) - 0.7382649174981994) < 1e-15)
        #expect(abs(try #require(correlation(predictions.map { $0 + 1e6 }, targets)) - 0.7382649174981993) < 1e-9)
        #expect(abs(try #require(correlation(predictions.map { -2 * $0 }, targets)) + 0.7382649174981994) < 1e-15)
    }

    @Test("does not exist where nothing varies or a number is none")
    func undefined() {
        #expect(correlation([1, 1, 1], [1, 2, 3]) == nil)
        #expect(correlation([1, 2, 3], [4, 4, 4]) == nil)
        #expect(correlation([1, .nan, 3], [1, 2, 3]) == nil)
        #expect(correlation([1, .infinity, 3], [1, 2, 3]) == nil)
        #expect(correlation([], []) == nil)
        #expect(correlation([1], [1]) == nil)
    }
}
