import Compute
import Tensors

/// The options of low-rank adapters.
public struct LowRankAdaptation: Hashable, Sendable {
    /// Columns of the first factor.
    public var rank: Int
    /// The update is multiplied by `alpha / rank`.
    public var alpha: Float
    /// Probability of dropout in front of the update, in training.
    public var dropout: Float

    public init(rank: Int = 8, alpha: Float = 8, dropout: Float = 0) {
        self.rank = rank
        self.alpha = alpha
        self.dropout = dropout
    }

    func validate() throws(ModelError) {
        func require(_ isAllowed: Bool, _ option: String, _ found: String, _ expected: String) throws(ModelError) {
            if !isAllowed { throw .invalidOption(model: "lora", option: option, found: found, expected: expected) }
        }
        try require(rank >= 1, "rank", "\(rank)", "at least 1")
        try require(alpha > 0 && alpha.isFinite, "alpha", "\(alpha)", "a number above 0")
        try require((0..<1).contains(dropout), "dropout", "\(dropout)", "a probability, at least 0 and below 1")
    }
}

/// A low-rank update of a layer's weight: `(alpha / rank) · x·A·B` is added to what the layer computes in front of its
/// activation.
///
/// Parameters: `lora_A.weight` `[inputs, rank]`, which starts like the weight of a layer, and `lora_B.weight`
/// `[rank, outputs]`, which starts as zeros, so that the adapted network begins as the network itself. For a convolution
/// A is a filter `[height, width, inputs, rank]`.
///
/// Source: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022.
public struct LowRankAdapter: Layer {
    public let down: Parameter
    public let up: Parameter
    /// `alpha / rank`
    public let scale: Float
    public let dropout: Float
    /// Of a convolution.
    public let window: Window2D?
    public let padding: WindowPadding

    /// - Parameter filter: extents of the first factor in front of the rank: `[inputs]`, or `[height, width, inputs]`.
    init(
        _ scope: ParameterScope, filter: Shape, outputs: Int, window: Window2D? = nil,
        padding: WindowPadding = .explicit, _ options: LowRankAdaptation
    ) {
        down = scope["lora_A"].parameter(
            "weight", Shape(Array(filter) + [options.rank]), initializer: .standard(fanIn: filter.count))
        up = scope["lora_B"].parameter("weight", [options.rank, outputs], initializer: .constant(0))
        scale = options.alpha / Float(options.rank)
        dropout = options.dropout
        self.window = window
        self.padding = padding
    }

    /// The update of the layer's output.
    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        let input = dropout > 0 ? try DropoutLayer(probability: dropout)(input, in: context) : input
        let narrow =
            if let window {
                try input.conv2D(
                    filter: context(down),
                    window: padding.applied(to: window, height: input.shape[1], width: input.shape[2]))
            } else {
                try input.linear(weight: context(down))
            }
        // Scaling the narrow tensor costs least.
        return try narrow.affine(scale: scale).linear(weight: context(up))
    }

    /// The update of the layer's weight, shaped like it: `(alpha / rank) · A·B`.
    public func weightUpdate(in arena: ParameterArena) throws(ComputeError) -> Tensor {
        let (first, second) = (arena.tensor(down), arena.tensor(up))
        let rank = second.shape[0]
        let product = try first.reshaped([first.count / rank, rank]).affine(scale: scale).matmul(second)
        return product.reshaped(Shape(first.shape.dropLast() + [second.shape[1]]))
    }
}
