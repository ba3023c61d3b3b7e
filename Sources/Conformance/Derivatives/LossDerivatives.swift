import Compute
import Tensors

extension DerivativeCase {
    static let crossEntropy: [DerivativeCase] = {
        let labels: [Int32] = [2, 0, 4, 1, 1, 3, 2]
        let ignoring: [Int32] = [2, -100, 4, 1, -100, 3, 2]
        let weights: [Float] = [0.5, 2, 1, 0.25, 1.5]
        let mask: [Float] = [1, 0, 1, 0.5, 1, 1, 0]
        let options: [(name: String, labels: [Int32], smoothing: Float, weights: [Float]?, mask: [Float]?)] = [
            ("plain", labels, 0, nil, nil), ("ignored labels", ignoring, 0, nil, nil),
            ("label smoothing", labels, 0.1, nil, nil), ("class weights", labels, 0, weights, nil),
            ("mask", labels, 0, nil, mask), ("class weights, label smoothing", labels, 0.1, weights, nil),
            ("everything", ignoring, 0.2, weights, mask),
        ]
        return options.map { option in
            DerivativeCase("CrossEntropy", option.name, [DerivativeInput([7, 5], .uniform(-2...2))]) {
                let device = $0[0].device
                return try $0[0].crossEntropy(
                    labels: Tensor(option.labels, shape: [7], on: device), labelSmoothing: option.smoothing,
                    classWeights: option.weights.map { try Tensor($0, shape: [5], on: device) },
                    mask: option.mask.map { try Tensor($0, shape: [7], on: device) })
            }
        }
    }()

    static let pointwiseLoss: [DerivativeCase] = {
        typealias Loss = @Sendable (Tensor, Tensor, Tensor?) throws -> Tensor
        // The errors are ±0.1, ±0.4, ±0.6, ±0.9 …: none is near 0 or δ.
        let predictions = DerivativeInput.Distribution.choice([-1, -0.5, 0, 0.5, 1])
        let targets = DerivativeInput.Distribution.choice([-0.9, -0.4, 0.1, 0.6])
        let probabilities = DerivativeInput.Distribution.choice([0, 1, 0.3])
        let functions: [(name: String, targets: DerivativeInput.Distribution, loss: Loss)] = [
            ("squared error", targets, { try $0.squaredError(targets: $1, mask: $2) }),
            ("absolute error", targets, { try $0.absoluteError(targets: $1, mask: $2) }),
            ("Huber", targets, { try $0.huberLoss(targets: $1, delta: 0.75, mask: $2) }),
            ("binary cross-entropy", probabilities, { try $0.binaryCrossEntropy(targets: $1, mask: $2) }),
            (
                "binary cross-entropy with positive weights", probabilities,
                {
                    let weights = try Tensor([0.5, 3, 1], shape: [3], on: $0.device)
                    return try $0.binaryCrossEntropy(targets: $1, positiveWeights: weights, mask: $2)
                }
            ),
        ]
        return functions.flatMap { function in
            ([nil, [1, 0, 0.5, 1, 2]] as [[Float]?]).map { mask in
                DerivativeCase(
                    "PointwiseLoss", function.name + (mask == nil ? "" : ", masked"), [DerivativeInput([5, 3], predictions)]
                ) {
                    let device = $0[0].device
                    let targets = DerivativeInput([5, 3], function.targets).values(stream: "targets")
                    return try function.loss(
                        $0[0], Tensor(targets, shape: [5, 3], on: device),
                        mask.map { try Tensor($0, shape: [5], on: device) })
                }
            }
        }
    }()
}
