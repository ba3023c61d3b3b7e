import Compute
import Tensors

/// The small convolutional network of the multi-task digit benchmarks, up to its 50 features.
///
/// Two 5×5 convolutions (10 and 20 filters), each followed by 2×2 maximum pooling and ReLU, and a connected layer of 50
/// units with ReLU. Parameters: `conv1`, `conv2`, `fc`, each with weight and bias; every one of the three is a stage.
///
/// Sources: LeCun et al., "Gradient-Based Learning Applied to Document Recognition", Proc. IEEE 86, 1998; the variant for
/// two digits in 36×36 pixels: Sener, Koltun, "Multi-Task Learning as Multi-Objective Optimization", NeurIPS 2018.
public struct LeNet: Trunk {
    /// Rows and columns that an image needs at least.
    public static let minimumSize = 16

    public let featureCount: Int
    public let stages: [TrunkStage]

    /// - Precondition: images have at least ``minimumSize`` rows and columns.
    public init(_ scope: ParameterScope, height: Int = 36, width: Int = 36, channels: Int = 1, features: Int = 50) {
        precondition(
            height >= LeNet.minimumSize && width >= LeNet.minimumSize,
            "LeNet: images of \(height)×\(width) are smaller than \(LeNet.minimumSize)×\(LeNet.minimumSize)")
        func reduced(_ extent: Int) -> Int { ((extent - 4) / 2 - 4) / 2 }
        func convolution(_ scope: ParameterScope, from inputs: Int, to outputs: Int) -> TrunkStage {
            let layers: [any Layer] = [
                Convolution2D(scope, inputs: inputs, outputs: outputs, window: Window2D(size: 5)),
                MaxPool2D(window: Window2D(size: 2, stride: 2)), ActivationLayer.relu,
            ]
            return TrunkStage(Sequential(layers), channels: outputs, yieldsImages: true)
        }
        func connected(_ scope: ParameterScope) -> TrunkStage {
            let layer = Linear(
                scope, inputs: reduced(height) * reduced(width) * 20, outputs: features, activation: .relu)
            return TrunkStage(Sequential([Flatten(), layer]), channels: features, yieldsImages: false)
        }
        stages = [
            convolution(scope["conv1"], from: channels, to: 10), convolution(scope["conv2"], from: 10, to: 20),
            connected(scope["fc"]),
        ]
        featureCount = features
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        try runStages(input, in: context)
    }
}
