import Compute
import Tensors

/// A fully connected layer: `activation(x·weight + bias)` over the last axis.
///
/// Parameters: `weight` `[inputs, outputs]`, `bias` `[outputs]` without weight decay. Both start uniform within
/// `1/√inputs`, as in PyTorch, unless other initializers are given.
public struct Linear: Layer {
    public let weight: Parameter
    public let bias: Parameter?
    /// Number of features that come out.
    public let outputs: Int
    public let activation: Activation
    /// Where the layer was made in a scope that adapts it.
    public let adapter: LayerAdapter?

    public init(
        _ scope: ParameterScope, inputs: Int, outputs: Int, bias: Bool = true, activation: Activation = .none,
        initializer: Initializer? = nil, biasInitializer: Initializer? = nil
    ) {
        let standard = Initializer.standard(fanIn: inputs)
        let weight = scope.parameter("weight", [inputs, outputs], initializer: initializer ?? standard)
        self.weight = weight
        self.bias =
            bias
            ? scope.parameter("bias", [outputs], initializer: biasInitializer ?? standard, decays: false) : nil
        self.outputs = outputs
        self.activation = activation
        adapter = scope.adapters?.adapter(
            of: weight, at: scope, kind: .linear,
            lowRank: { LowRankAdapter($0, filter: [inputs], outputs: outputs, $1) }, outputs: outputs)
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        guard let adapter else { return try plain(input, activation, in: context) }
        return try adapter.adapted(input, activation: activation, in: context) { activation throws(ComputeError) in
            try plain(input, activation, in: context)
        }
    }

    private func plain(
        _ input: Tensor, _ activation: Activation, in context: ForwardContext
    ) throws(ComputeError) -> Tensor {
        try input.linear(weight: context(weight), bias: bias.map { context($0) }, activation: activation)
    }
}
