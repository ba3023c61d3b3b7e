import Compute

extension Reference {
    static func crossEntropy(
        _ loss: CrossEntropy, logits: [Float], labels: [Int32], classWeights: [Float]?, mask: [Float]?
    ) -> (losses: [Estimate], weights: [Estimate]) {
        let classes = 0..<loss.classes
        let smoothing = Estimate(loss.options.labelSmoothing)
        var losses: [Estimate] = []
        var weights: [Estimate] = []
        for row in 0..<loss.rows {
            guard labels[row] != loss.options.ignoredLabel else {
                losses.append(0)
                weights.append(0)
                continue
            }
            let label = Int(labels[row])
            let logProbabilities = logSoftmax(classes.map { Estimate(logits[row * loss.classes + $0]) })
            let c = classes.map { Estimate(classWeights?[$0] ?? 1) }
            let m = Estimate(mask?[row] ?? 1)
            var value = (1 - smoothing) * c[label] * -logProbabilities[label]
            if smoothing.value > 0 {
                let sum = classes.map { c[$0] * -logProbabilities[$0] }.sum()
                value = value + smoothing / Estimate(Double(loss.classes)) * sum
            }
            losses.append(m * value)
            weights.append(m * c[label])
        }
        return (losses, weights)
    }

    /// - Parameter inverseWeightSum: the second element of the weighted mean.
    static func crossEntropyGradient(
        _ gradient: CrossEntropyGradient, logits: [Float], labels: [Int32], classWeights: [Float]?, mask: [Float]?,
        cotangents: [Float], inverseWeightSum: Float
    ) -> [Estimate] {
        let classes = 0..<gradient.classes
        let smoothing = Estimate(gradient.options.labelSmoothing)
        let share = smoothing / Estimate(Double(gradient.classes))
        let c = classes.map { Estimate(classWeights?[$0] ?? 1) }
        let rows: [[Estimate]] = (0..<gradient.rows).map { row in
            guard labels[row] != gradient.options.ignoredLabel else { return classes.map { _ in 0 } }
            let label = Int(labels[row])
            let p = softmax(classes.map { Estimate(logits[row * gradient.classes + $0]) })
            let m = Estimate(mask?[row] ?? 1)
            return classes.map { index in
                let target = (1 - smoothing) * c[label] * (p[index] - (index == label ? 1 : 0))
                return m * (smoothing.value > 0 ? target + share * (p[index] * c.sum() - c[index]) : target)
            }
        }
        return cotangents.flatMap { cotangent in
            let scale = Estimate(cotangent) * Estimate(inverseWeightSum)
            return rows.joined().map { scale * $0 }
        }
    }
}
