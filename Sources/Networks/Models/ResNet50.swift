import Compute
import Tensors

/// The residual network of 50 layers, named and initialised as in torchvision.
///
/// A 7×7 convolution with stride 2, 3×3 maximum pooling with stride 2, four stages of 3, 4, 6 and 3 ``Bottleneck``s that
/// give 256, 512, 1024 and 2048 channels, global average pooling. Parts: `conv1`, `bn1`, `layer1.0` … `layer4.2`, and
/// `fc` with `classes`. As a trunk it has five stages, the stem being the first.
///
/// Source: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016; torchvision's variant with the
/// stride in the 3×3 convolution.
public struct ResNet50: Trunk {
    public let featureCount: Int
    public let stages: [TrunkStage]
    public let readout: any Layer

    /// - Parameters:
    ///   - classes: adds the connected layer `fc` with so many outputs; nil ends with the features.
    ///   - width: channels of the stem, and inside the blocks of the first stage.
    public init(
        _ scope: ParameterScope, channels: Int = 3, classes: Int? = nil, width: Int = 64, blocks: [Int] = [3, 4, 6, 3]
    ) {
        var stages = [ResNet18.stem(scope, channels: channels, width: width)]
        var features = width
        for (stage, count) in blocks.enumerated() {
            let (inner, scope) = (width << stage, scope["layer\(stage + 1)"])
            let first = Bottleneck(scope[0], inputs: features, channels: inner, stride: stage == 0 ? 1 : 2)
            features = Bottleneck.expansion * inner
            let rest = (1..<count).map { Bottleneck(scope[$0], inputs: features, channels: inner) }
            stages.append(TrunkStage(first, rest, channels: features, yieldsImages: true))
        }
        self.stages = stages
        readout = ResNet18.readout(scope, features: features, classes: classes)
        featureCount = classes ?? features
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        try runStages(input, in: context)
    }
}
