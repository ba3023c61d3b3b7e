import Foundation

/// How well a classifier's own classes predict labels of other data, without training: the mean log-likelihood of the
/// labels when each sample's label is drawn from the empirical distribution of labels given the classifier's prediction.
/// At most 0; higher is better.
///
/// With θ(x) the classifier's probabilities over its classes z: P̂(y, z) = 1/n Σ θ(xᵢ)_z over the samples with label y,
/// P̂(y | z) = P̂(y, z) / P̂(z), and the score is 1/n Σ log Σ_z P̂(yᵢ | z) θ(xᵢ)_z. O(n·z) for n samples, in Float64.
///
/// Source: Nguyen, Hassner, Seeger, Archambeau, "LEEP: A New Measure to Evaluate Transferability of Learned
/// Representations", ICML 2020, section 3.
public enum LEEP {
    /// - Parameters:
    ///   - probabilities: the classifier's, samples one after the other.
    ///   - labels: one per sample, at least 0.
    /// - Precondition: at least one sample; as many probabilities for every sample.
    public static func score(probabilities: [Float], labels: [Int32]) -> Double {
        precondition(
            !labels.isEmpty && probabilities.count % labels.count == 0 && !probabilities.isEmpty,
            "LEEP: \(probabilities.count) probabilities for \(labels.count) samples")
        let classes = probabilities.count / labels.count
        let labelCount = Int(labels.max() ?? 0) + 1
        var joint = [Double](repeating: 0, count: labelCount * classes)
        var marginal = [Double](repeating: 0, count: classes)
        for (row, label) in labels.enumerated() {
            for z in 0..<classes {
                let probability = Double(probabilities[row * classes + z])
                joint[Int(label) * classes + z] += probability
                marginal[z] += probability
            }
        }
        var sum = 0.0
        for (row, label) in labels.enumerated() {
            var likelihood = 0.0
            for z in 0..<classes where marginal[z] > 0 {
                likelihood += joint[Int(label) * classes + z] / marginal[z] * Double(probabilities[row * classes + z])
            }
            sum += log(likelihood)
        }
        return sum / Double(labels.count)
    }
}
