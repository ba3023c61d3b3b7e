import Compute
import Tensors

/// What a task's prediction is measured by during training.
public enum Loss: Hashable, Sendable {
    /// Softmax cross-entropy of logits `[samples, classes]` against Int32 labels.
    case crossEntropy(labelSmoothing: Float = 0, ignoredLabel: Int32 = -100, classWeights: [Float]? = nil)
    /// Binary cross-entropy of logits `[samples, columns]` against probabilities.
    case binaryCrossEntropy(positiveWeights: [Float]? = nil)
    case squaredError
    case absoluteError
    case huber(delta: Float = 1)
    /// The prediction is features `[samples, features]`, the targets are domains `[samples, 1]`: 0 or 1.
    case domainDiscrepancy(DomainDiscrepancy)

    /// The mean over the samples that count.
    ///
    /// - Parameters:
    ///   - targets: Int32 `[samples]` for cross-entropy, else shaped like the prediction.
    ///   - mask: a weight per sample, 0 where there is no label.
    public func callAsFunction(_ prediction: Tensor, targets: Tensor, mask: Tensor?) throws(ComputeError) -> Tensor {
        switch self {
        case .crossEntropy(let labelSmoothing, let ignoredLabel, let classWeights):
            try prediction.crossEntropy(
                labels: targets, ignoredLabel: ignoredLabel, labelSmoothing: labelSmoothing,
                classWeights: try Loss.vector(classWeights, on: prediction.device), mask: mask)
        case .binaryCrossEntropy(let positiveWeights):
            try prediction.binaryCrossEntropy(
                targets: targets, positiveWeights: try Loss.vector(positiveWeights, on: prediction.device), mask: mask)
        case .squaredError: try prediction.squaredError(targets: targets, mask: mask)
        case .absoluteError: try prediction.absoluteError(targets: targets, mask: mask)
        case .huber(let delta): try prediction.huberLoss(targets: targets, delta: delta, mask: mask)
        case .domainDiscrepancy(let discrepancy): try discrepancy(prediction, domains: targets, mask: mask)
        }
    }

    private static func vector(_ values: [Float]?, on device: any Device) throws(ComputeError) -> Tensor? {
        guard let values else { return nil }
        return try Tensor(values, shape: [values.count], on: device)
    }
}
