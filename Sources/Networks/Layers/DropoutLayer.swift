import Compute
import Tensors

/// Sets elements to 0 with a probability and scales the others by `1 / (1 - probability)` in training; the identity in
/// evaluation.
///
/// Source: Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15, 2014.
public struct DropoutLayer: Layer {
    public let probability: Float

    /// - Precondition: the probability is in 0..<1.
    public init(probability: Float) {
        precondition((0..<1).contains(probability), "DropoutLayer: probability \(probability) outside 0..<1")
        self.probability = probability
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        if context.mode == .evaluation || probability == 0 { return input }
        return try input.dropout(probability: probability, random: context.drawRandom(count: input.count))
    }
}
