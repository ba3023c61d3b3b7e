import Compute
import Tensors

/// A multilayer perceptron: fully connected layers with an activation, and dropout, behind each hidden one.
///
/// Inputs `[samples, …]` are flattened. Parameters: `0.weight`, `0.bias`, `1.weight` …, counted over the connected layers.
public struct MLP: Trunk {
    public let featureCount: Int
    private let layers: Sequential

    /// - Parameters:
    ///   - inputs: features per sample.
    ///   - hidden: units of every hidden layer.
    ///   - outputs: adds a last layer without activation, as heads have; nil ends with the last hidden layer.
    ///   - dropout: probability behind every hidden layer's activation.
    public init(
        _ scope: ParameterScope, inputs: Int, hidden: [Int], outputs: Int? = nil, activation: ActivationLayer = .relu,
        dropout: Float = 0
    ) {
        var layers: [any Layer] = []
        var features = inputs
        for (position, units) in hidden.enumerated() {
            layers.append(
                Linear(scope[position], inputs: features, outputs: units, activation: activation.fused ?? .none))
            if activation.fused == nil { layers.append(activation) }
            if dropout > 0 { layers.append(DropoutLayer(probability: dropout)) }
            features = units
        }
        if let outputs {
            layers.append(Linear(scope[hidden.count], inputs: features, outputs: outputs))
            features = outputs
        }
        featureCount = features
        self.layers = Sequential(layers)
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        try layers(input.shape.rank > 2 ? input.flattened() : input, in: context)
    }
}
