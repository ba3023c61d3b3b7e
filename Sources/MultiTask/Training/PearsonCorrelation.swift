/// Pearson's correlation of predictions with targets, in one pass and without cancellation.
///
/// Means and sums of squared deviations are updated sample by sample.
///
/// Source: Welford, "Note on a Method for Calculating Corrected Sums of Squares and Products", Technometrics 4, 1962.
public struct PearsonCorrelation: Sendable {
    private var count = 0.0
    private var meanPrediction = 0.0
    private var meanTarget = 0.0
    private var squaredPredictions = 0.0
    private var squaredTargets = 0.0
    private var products = 0.0

    public init() {}

    public mutating func add(prediction: Double, target: Double) {
        count += 1
        let predictionDelta = prediction - meanPrediction
        let targetDelta = target - meanTarget
        meanPrediction += predictionDelta / count
        meanTarget += targetDelta / count
        squaredPredictions += predictionDelta * (prediction - meanPrediction)
        squaredTargets += targetDelta * (target - meanTarget)
        products += predictionDelta * (target - meanTarget)
    }

    /// The correlation in -1...1, or nil where predictions or targets are all the same, or one is not finite.
    public var value: Double? {
        let scale = squaredPredictions.squareRoot() * squaredTargets.squareRoot()
        guard scale > 0, scale.isFinite, products.isFinite else { return nil }
        return min(max(products / scale, -1), 1)
    }
}
