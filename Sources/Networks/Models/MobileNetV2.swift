import Compute
import Tensors

/// MobileNetV2 as in torchvision, or with TensorFlow's padding and normalisation.
///
/// A 3×3 convolution with stride 2, seven stages of ``InvertedResidual`` blocks, a 1×1 convolution to 1280 channels and
/// global average pooling. Parts: `stem`, `blocks.0` … `blocks.16`, `head`, and `fc` with `classes`. As a trunk it has
/// nine stages. Dropout in front of `fc` is left to heads.
///
/// Source: Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018.
public struct MobileNetV2: Trunk {
    public let featureCount: Int
    public let stages: [TrunkStage]
    public let readout: any Layer

    /// - Parameters:
    ///   - channels: of the images.
    ///   - classes: adds the connected layer `fc` with so many outputs; nil ends with the features.
    ///   - width: factor on the channels of all stages, and on the last 1280 where it is above 1.
    public init(
        _ scope: ParameterScope, channels: Int = 3, classes: Int? = nil, width: Double = 1, style: MobileStyle = .torch
    ) {
        let stages: [(stride: Int, expansion: Int, channels: Int, blocks: Int)] = [
            (1, 1, 16, 1), (2, 6, 24, 2), (2, 6, 32, 3), (2, 6, 64, 4), (1, 6, 96, 3), (2, 6, 160, 3), (1, 6, 320, 1),
        ]
        let head = MobileStyle.rounded(1280 * max(width, 1))
        self.stages = style.stages(
            scope, channels: channels, stem: MobileStyle.rounded(32 * width),
            body: stages.map {
                MobileStage(
                    size: 3, stride: $0.stride, expansion: $0.expansion,
                    channels: MobileStyle.rounded(Double($0.channels) * width), blocks: $0.blocks)
            }, head: head)
        readout = Sequential(
            [GlobalAveragePool2D()] + (classes.map { [Linear(scope["fc"], inputs: head, outputs: $0)] } ?? []))
        featureCount = classes ?? head
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        try runStages(input, in: context)
    }
}
