import Compute
import Tensors

/// A multilayer perceptron: fully connected layers with an activation, and dropout, behind each hidden one.
///
/// Inputs `[samples, …]` are flattened. Parameters: `0.weight`, `0.bias`, `1.weight` …, counted over the connected
/// layers. Every hidden layer is a stage, the last layer of a head its readout.
public struct MLP: Trunk {
    public let featureCount: Int
    public let stages: [TrunkStage]
    public let readout: any Layer

    /// - Parameters:
    ///   - inputs: features per sample.
    ///   - hidden: units of every hidden layer.
    ///   - outputs: adds a last layer without activation, as heads have; nil ends with the last hidden layer.
    ///   - dropout: probability behind every hidden layer's activation.
    public init(
        _ scope: ParameterScope, inputs: Int, hidden: [Int], outputs: Int? = nil, activation: ActivationLayer = .relu,
        dropout: Float = 0
    ) {
        var stages: [TrunkStage] = []
        var features = inputs
        for (position, units) in hidden.enumerated() {
            var layers: [any Layer] = position == 0 ? [Flatten()] : []
            layers.append(
                Linear(scope[position], inputs: features, outputs: units, activation: activation.fused ?? .none))
            if activation.fused == nil { layers.append(activation) }
            if dropout > 0 { layers.append(DropoutLayer(probability: dropout)) }
            stages.append(TrunkStage(Sequential(layers), channels: units, yieldsImages: false))
            features = units
        }
        self.stages = stages
        readout = Sequential(
            (hidden.isEmpty ? [Flatten()] : [])
                + (outputs.map { [Linear(scope[hidden.count], inputs: features, outputs: $0)] } ?? []))
        featureCount = outputs ?? features
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        try runStages(input, in: context)
    }
}
