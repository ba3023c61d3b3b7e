import Compute
import Tensors

/// Layers one behind the other.
///
/// Each layer is made in the scope of its position, so parameters are named as in PyTorch's `Sequential`:
/// ```swift
/// let head = Sequential(
///     scope,
///     { Linear($0, inputs: 50, outputs: 50) },
///     { _ in ActivationLayer.gelu },
///     { Linear($0, inputs: 50, outputs: 10) })
/// // 0.weight, 0.bias, 2.weight, 2.bias
/// ```
public struct Sequential: Layer {
    public let layers: [any Layer]

    /// Layers that were made elsewhere.
    public init(_ layers: [any Layer]) { self.layers = layers }

    /// Makes each layer in the scope of its position.
    public init(_ scope: ParameterScope, _ makeLayers: ((ParameterScope) -> any Layer)...) {
        layers = makeLayers.enumerated().map { position, makeLayer in makeLayer(scope[position]) }
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        var output = input
        for layer in layers { output = try layer(output, in: context) }
        return output
    }
}
