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

    public init(
        _ scope: ParameterScope, inputs: Int, outputs: Int, bias: Bool = true, activation: Activation = .none,
        initializer: Initializer? = nil, biasInitializer: Initializer? = nil
    ) {
        let standard = Initializer.standard(fanIn: inputs)
        weight = scope.parameter("weight", [inputs, outputs], initializer: initializer ?? standard)
        self.bias =
            bias
            ? scope.parameter("bias", [outputs], initializer: biasInitializer ?? standard, decays: false) : nil
        self.outputs = outputs
        self.activation = activation
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        try input.linear(weight: context(weight), bias: bias.map { context($0) }, activation: activation)
    }
}
