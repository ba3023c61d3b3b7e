import Compute
import Tensors

/// The residual network of 18 layers, named and initialised as in torchvision.
///
/// A 7×7 convolution with stride 2, 3×3 maximum pooling with stride 2, four stages of two ``BasicBlock``s with 64, 128,
/// 256 and 512 channels, global average pooling. Parts: `conv1`, `bn1`, `layer1.0` … `layer4.1`, and `fc` with `classes`.
///
/// Source: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016.
public struct ResNet18: Trunk {
    public let featureCount: Int
    private let layers: Sequential

    /// - Parameter classes: adds the connected layer `fc` with so many outputs; nil ends with the 512 features.
    public init(_ scope: ParameterScope, channels: Int = 3, classes: Int? = nil) {
        var layers: [any Layer] = [
            Convolution2D(
                scope["conv1"], inputs: channels, outputs: 64, window: Window2D(size: 7, stride: 2, padding: 3),
                bias: false, initializer: { _, fanOut in .kaimingNormal(fanIn: fanOut) }),
            BatchNorm(scope["bn1"], channels: 64, activation: .relu),
            MaxPool2D(window: Window2D(size: 3, stride: 2, padding: 1)),
        ]
        var features = 64
        for (stage, outputs) in [64, 128, 256, 512].enumerated() {
            for block in 0..<2 {
                layers.append(
                    BasicBlock(
                        scope["layer\(stage + 1)"][block], inputs: features, outputs: outputs,
                        stride: stage > 0 && block == 0 ? 2 : 1))
                features = outputs
            }
        }
        layers.append(GlobalAveragePool2D())
        if let classes { layers.append(Linear(scope["fc"], inputs: features, outputs: classes)) }
        featureCount = classes ?? features
        self.layers = Sequential(layers)
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        try layers(input, in: context)
    }
}
