import Compute
import Tensors

/// A learned vector for every index of a vocabulary: Int32 `[…]` becomes `[…, width]`.
///
/// The parameter `weight` `[vocabulary, width]` starts from a standard normal distribution, as in PyTorch, unless
/// another initializer is given.
public struct EmbeddingLayer: Layer {
    public let weight: Parameter
    public let vocabulary: Int
    public let width: Int

    public init(_ scope: ParameterScope, vocabulary: Int, width: Int, initializer: Initializer? = nil) {
        weight = scope.parameter(
            "weight", [vocabulary, width], initializer: initializer ?? .normal(mean: 0, deviation: 1))
        self.vocabulary = vocabulary
        self.width = width
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        try context(weight).embedding(input)
    }
}
