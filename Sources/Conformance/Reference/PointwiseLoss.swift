import Compute

extension Reference {
    static func pointwiseLoss(
        _ loss: PointwiseLoss, predictions: [Float], targets: [Float], positiveWeights: [Float]?, mask: [Float]?,
        scalars: [Float]
    ) -> (losses: [Estimate], weights: [Estimate]) {
        var losses: [Estimate] = []
        var weights: [Estimate] = []
        for row in 0..<loss.rows {
            let sum = (0..<loss.columns).map { column in
                let index = row * loss.columns + column
                return value(
                    of: loss.function, Estimate(predictions[index]), Estimate(targets[index]),
                    positiveWeight: Estimate(positiveWeights?[column] ?? 1), scalars: scalars)
            }.sum()
            let m = Estimate(mask?[row] ?? 1)
            losses.append(m * (sum / Estimate(Double(loss.columns))))
            weights.append(m)
        }
        return (losses, weights)
    }

    /// - Parameter inverseWeightSum: the second element of the weighted mean.
    static func pointwiseLossGradient(
        _ gradient: PointwiseLossGradient, predictions: [Float], targets: [Float], positiveWeights: [Float]?,
        mask: [Float]?, cotangents: [Float], inverseWeightSum: Float, scalars: [Float]
    ) -> [Estimate] {
        cotangents.flatMap { cotangent in
            (0..<gradient.rows * gradient.columns).map { index in
                let (row, column) = index.quotientAndRemainder(dividingBy: gradient.columns)
                let derivative = derivative(
                    of: gradient.function, Estimate(predictions[index]), Estimate(targets[index]),
                    positiveWeight: Estimate(positiveWeights?[column] ?? 1), scalars: scalars)
                let scale = Estimate(cotangent) * Estimate(inverseWeightSum) * Estimate(mask?[row] ?? 1)
                return scale / Estimate(Double(gradient.columns)) * derivative
            }
        }
    }

    private static func value(
        of function: PointwiseLoss.Function, _ x: Estimate, _ t: Estimate, positiveWeight: Estimate, scalars: [Float]
    ) -> Estimate {
        let difference = x - t
        switch function {
        case .binaryCrossEntropy: return positiveWeight * t * .softplus(-x) + (1 - t) * .softplus(x)
        case .squaredError: return difference * difference
        case .absoluteError: return difference.magnitude
        case .huber:
            let delta = Estimate(scalars[0])
            if difference.magnitude.value <= delta.value { return 0.5 * difference * difference }
            return delta * (difference.magnitude - 0.5 * delta)
        }
    }

    private static func derivative(
        of function: PointwiseLoss.Function, _ x: Estimate, _ t: Estimate, positiveWeight: Estimate, scalars: [Float]
    ) -> Estimate {
        let difference = x - t
        switch function {
        case .binaryCrossEntropy: return (1 - t) * .sigmoid(x) - positiveWeight * t * .sigmoid(-x)
        case .squaredError: return 2 * difference
        case .absoluteError: return difference.value == 0 ? 0 : Estimate(difference.value < 0 ? -1.0 : 1.0)
        case .huber:
            let delta = Estimate(scalars[0])
            return .minimum(.maximum(difference, -delta), delta)
        }
    }
}
