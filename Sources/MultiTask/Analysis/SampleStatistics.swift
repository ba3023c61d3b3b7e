/// Mean and spread of repeated measurements.
public struct SampleStatistics: Hashable, Sendable, Codable {
    public let count: Int
    public let mean: Double
    /// Of the sample, with n - 1; nil for a single value.
    public let standardDeviation: Double?

    /// - Returns: nil for no values.
    public init?(_ values: [Double]) {
        if values.isEmpty { return nil }
        count = values.count
        let mean = values.reduce(0, +) / Double(values.count)
        self.mean = mean
        standardDeviation =
            values.count < 2
            ? nil : (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
    }
}
