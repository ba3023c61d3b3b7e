import Compute
import Tensors

/// The small convolutional network of the multi-task digit benchmarks, up to its 50 features.
///
/// Two 5×5 convolutions (10 and 20 filters), each followed by 2×2 maximum pooling and ReLU, and a connected layer of 50
/// units with ReLU. Parameters: `conv1`, `conv2`, `fc`, each with weight and bias.
///
/// Sources: LeCun et al., "Gradient-Based Learning Applied to Document Recognition", Proc. IEEE 86, 1998; the variant for
/// two digits in 36×36 pixels: Sener, Koltun, "Multi-Task Learning as Multi-Objective Optimization", NeurIPS 2018.
public struct LeNet: Trunk {
    /// Rows and columns that an image needs at least.
    public static let minimumSize = 16

    public let featureCount: Int
    private let layers: Sequential

    /// - Precondition: images have at least ``minimumSize`` rows and columns.
    public init(_ scope: ParameterScope, height: Int = 36, width: Int = 36, channels: Int = 1, features: Int = 50) {
        precondition(
            height >= LeNet.minimumSize && width >= LeNet.minimumSize,
            "LeNet: images of \(height)×\(width) are smaller than \(LeNet.minimumSize)×\(LeNet.minimumSize)")
        let filter = Window2D(size: 5)
        let pool = MaxPool2D(window: Window2D(size: 2, stride: 2))
        func reduced(_ extent: Int) -> Int { ((extent - 4) / 2 - 4) / 2 }
        layers = Sequential([
            Convolution2D(scope["conv1"], inputs: channels, outputs: 10, window: filter), pool, ActivationLayer.relu,
            Convolution2D(scope["conv2"], inputs: 10, outputs: 20, window: filter), pool, ActivationLayer.relu,
            Flatten(),
            Linear(
                scope["fc"], inputs: reduced(height) * reduced(width) * 20, outputs: features, activation: .relu),
        ])
        featureCount = features
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        try layers(input, in: context)
    }
}
