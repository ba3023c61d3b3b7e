import Compute
import Tensors

/// The residual network of 18 layers, named and initialised as in torchvision.
///
/// A 7×7 convolution with stride 2, 3×3 maximum pooling with stride 2, four stages of two ``BasicBlock``s with 64, 128,
/// 256 and 512 channels, global average pooling. Parts: `conv1`, `bn1`, `layer1.0` … `layer4.1`, and `fc` with
/// `classes`. As a trunk it has five stages, the stem being the first.
///
/// Source: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016.
public struct ResNet18: Trunk {
    public let featureCount: Int
    public let stages: [TrunkStage]
    public let readout: any Layer

    /// - Parameters:
    ///   - classes: adds the connected layer `fc` with so many outputs; nil ends with the features.
    ///   - width: channels of the stem; every stage but the first doubles them.
    public init(_ scope: ParameterScope, channels: Int = 3, classes: Int? = nil, width: Int = 64) {
        var stages = [ResNet18.stem(scope, channels: channels, width: width)]
        var features = width
        for stage in 1...4 {
            let outputs = width << (stage - 1)
            let scope = scope["layer\(stage)"]
            stages.append(
                TrunkStage(
                    BasicBlock(scope[0], inputs: features, outputs: outputs, stride: stage == 1 ? 1 : 2),
                    [BasicBlock(scope[1], inputs: outputs, outputs: outputs)], channels: outputs, yieldsImages: true))
            features = outputs
        }
        self.stages = stages
        readout = ResNet18.readout(scope, features: features, classes: classes)
        featureCount = classes ?? features
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        try runStages(input, in: context)
    }

    /// The beginning of all residual networks.
    static func stem(_ scope: ParameterScope, channels: Int, width: Int) -> TrunkStage {
        let layers: [any Layer] = [
            Convolution2D(
                scope["conv1"], inputs: channels, outputs: width, window: Window2D(size: 7, stride: 2, padding: 3),
                bias: false, initializer: { _, fanOut in .kaimingNormal(fanIn: fanOut) }),
            BatchNorm(scope["bn1"], channels: width, activation: .relu),
            MaxPool2D(window: Window2D(size: 3, stride: 2, padding: 1)),
        ]
        return TrunkStage(Sequential(layers), channels: width, yieldsImages: true)
    }

    /// The end of all residual networks.
    static func readout(_ scope: ParameterScope, features: Int, classes: Int?) -> Sequential {
        Sequential([GlobalAveragePool2D()] + (classes.map { [Linear(scope["fc"], inputs: features, outputs: $0)] } ?? []))
    }
}
