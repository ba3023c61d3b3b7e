import Compute
import Tensors

extension Tensor {
    /// `Σₑ weights[:, e]·terms[e]`
    ///
    /// - Parameters:
    ///   - terms: tensors of one shape `[samples, …]`.
    ///   - weights: `[samples, terms]`, or `[1, terms]` for the same weights in all samples.
    static func mixture(of terms: [Tensor], weights: Tensor) throws(ComputeError) -> Tensor {
        precondition(
            weights.shape.rank == 2 && weights.shape[1] == terms.count && !terms.isEmpty,
            "a mixture of \(terms.count) terms with weights \(weights.shape)")
        var sum: Tensor?
        for (position, term) in terms.enumerated() {
            let weight = try weights.sliced(axis: 1, position..<position + 1)
                .reshaped(Shape([weights.shape[0]] + Array(repeating: 1, count: term.shape.rank - 1)))
            let weighted = try term * weight
            sum = try sum.map { (sum: Tensor) throws(ComputeError) in try sum + weighted } ?? weighted
        }
        return sum ?? terms[0]
    }

    /// The mean of tensors of one shape.
    static func mean(of terms: [Tensor]) throws(ComputeError) -> Tensor {
        var sum = terms[0]
        for term in terms.dropFirst() { sum = try sum + term }
        return try sum.affine(scale: 1 / Float(terms.count))
    }

    /// One vector per sample: the mean over the axes between the samples and the channels, if there are any.
    func pooled() throws(ComputeError) -> Tensor {
        shape.rank > 2 ? try mean(axes: Array(1..<shape.rank - 1)) : self
    }
}
