import Compute
import Tensors

/// Turns rows of a table into vectors: the embeddings of the categorical columns, one behind the other, and then the
/// numbers.
///
/// The input is Int32 `[samples, categories + numbers]`. Its first columns are indices into one vocabulary that all
/// categorical columns share, each with a range of its own; the others are the bits of Float32 numbers. So one tensor
/// carries both, whatever network follows. The result is `[samples, categories · width + numbers]`.
///
/// Parameters: `embedding.weight` `[vocabulary, width]`, uniform within `1/√width`.
///
/// Source: Gorishniy et al., "Revisiting Deep Learning Models for Tabular Data", NeurIPS 2021, for the initial values.
public struct TabularEncoder: Trunk {
    /// Number of categorical columns.
    public let categories: Int
    /// Number of numeric columns.
    public let numbers: Int
    public let featureCount: Int
    /// Nil where there are no categorical columns.
    private let embedding: EmbeddingLayer?

    /// - Parameters:
    ///   - vocabulary: number of different values in all categorical columns together.
    ///   - width: elements of an embedding.
    /// - Precondition: there is at least one column.
    public init(_ scope: ParameterScope, categories: Int, vocabulary: Int, numbers: Int, width: Int) {
        precondition(categories + numbers > 0, "TabularEncoder: no columns")
        self.categories = categories
        self.numbers = numbers
        featureCount = categories * width + numbers
        let bound = 1 / Float(max(width, 1)).squareRoot()
        embedding =
            categories == 0
            ? nil
            : EmbeddingLayer(
                scope["embedding"], vocabulary: vocabulary, width: width,
                initializer: .uniform(low: -bound, high: bound))
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        precondition(
            input.shape.rank == 2 && input.shape[1] == categories + numbers && input.elementType == .int32,
            "TabularEncoder: input of shape \(input.shape), expected Int32 [samples, \(categories + numbers)]")
        var parts: [Tensor] = []
        if let embedding {
            let indices = try input.sliced(axis: 1, 0..<categories)
            parts.append(try embedding(indices, in: context).flattened())
        }
        if numbers > 0 {
            let bits = try input.sliced(axis: 1, categories..<categories + numbers)
            parts.append(Tensor(viewing: bits.storage, shape: bits.shape))
        }
        return parts.count == 1 ? parts[0] : try Tensor.concatenate(parts, axis: 1)
    }
}
