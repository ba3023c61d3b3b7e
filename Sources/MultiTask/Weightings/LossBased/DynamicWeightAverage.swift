/// Dynamic weight average (DWA): more weight for tasks whose loss falls slowly.
///
/// With the mean losses of the last two epochs, `rᵢ = L̄ᵢ(t-1)/L̄ᵢ(t-2)` and `w = K·softmax(r/T)`. In the first two epochs,
/// and for tasks that lack an epoch, r is 1. Remembers the mean losses.
///
/// Parameter: `temperature` T = 2.
///
/// Source: Liu, Johns, Davison, "End-to-End Multi-Task Learning with Attention", CVPR 2019.
public struct DynamicWeightAverage: LossWeighting {
    public static let name = "dwa"
    public static let reduction = Reduction.sum

    public var temperature: Double
    /// Mean losses of the last two epochs, the older first, by number of the task.
    private var epochs: [[Double?]] = []

    /// - Precondition: `temperature` is positive.
    public init(temperature: Double = 2) {
        precondition(temperature > 0, "DWA: temperature \(temperature)")
        self.temperature = temperature
    }

    public init(_ parameters: inout MethodParameters) throws(WeightingError) {
        temperature = try parameters.positive("temperature", default: 2)
    }

    public mutating func reset() { epochs = [] }

    public mutating func finishEpoch(meanLosses: [Double?]) { epochs = epochs.suffix(1) + [meanLosses] }

    public func weights(in step: StepContext) -> [Double] {
        let count = Double(step.tasks.count)
        guard epochs.count == 2 else { return Array(repeating: 1, count: step.tasks.count) }
        let rates = step.tasks.map { task in
            guard let before = epochs[0][task], let last = epochs[1][task], before > 0 else { return 1.0 }
            return last / before
        }
        return Simplex.softmax(rates.map { $0 / temperature }).map { $0 * count }
    }
}
