import Compute
import Tensors

/// A rectifier whose slope below zero is learnt: `max(x, 0) + weight·min(x, 0)`.
///
/// Parameter: `weight` `[channels]`, 0.25 in the beginning and without weight decay.
///
/// Source: He, Zhang, Ren, Sun: "Delving Deep into Rectifiers", ICCV 2015.
public struct PReLU: Layer {
    public let weight: Parameter

    /// - Parameter channels: the last extent of what comes in.
    public init(_ scope: ParameterScope, channels: Int) {
        weight = scope.parameter("weight", [channels], initializer: .constant(0.25), decays: false)
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        try input.relu() - (try input.negated().relu() * context(weight))
    }
}
