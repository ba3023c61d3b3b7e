import Compute
import Tensors

/// The EfficientNets for phones: without squeeze-and-excitation, and with ReLU6 only.
///
/// A 3×3 convolution with stride 2 and 32 channels, seven stages of ``InvertedResidual`` blocks, a 1×1 convolution to
/// 1280 channels and global average pooling; with TensorFlow's padding and ε of 1e-3. Parts: `stem`, `blocks.0` …,
/// `head`, and `fc` with `classes`. As a trunk it has nine stages. Left out are the dropout in front of `fc` and the
/// random depth of the original training; heads have dropout of their own.
///
/// Sources: Tan, Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019; the lite
/// variants and their factors: https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite
public struct EfficientNetLite: Trunk {
    /// How much a network is wider and deeper than the smallest one.
    public enum Variant: String, Hashable, Sendable, CaseIterable {
        case lite0, lite1, lite2

        /// Height and width of the images that the original was trained on.
        public var imageSize: Int {
            switch self {
            case .lite0: 224
            case .lite1: 240
            case .lite2: 260
            }
        }
        fileprivate var width: Double { self == .lite2 ? 1.1 : 1 }
        fileprivate var depth: Double {
            switch self {
            case .lite0: 1
            case .lite1: 1.1
            case .lite2: 1.2
            }
        }
    }

    public let featureCount: Int
    public let stages: [TrunkStage]
    public let readout: any Layer

    /// - Parameters:
    ///   - channels: of the images.
    ///   - classes: adds the connected layer `fc` with so many outputs; nil ends with the 1280 features.
    public init(_ scope: ParameterScope, _ variant: Variant = .lite0, channels: Int = 3, classes: Int? = nil) {
        self.init(scope, body: EfficientNetLite.body(variant), channels: channels, classes: classes)
    }

    /// A network with stages of one's own.
    package init(
        _ scope: ParameterScope, body: [MobileStage], channels: Int, stem: Int = 32, head: Int = 1280, classes: Int?,
        style: MobileStyle = .tensorFlow
    ) {
        stages = style.stages(scope, channels: channels, stem: stem, body: body, head: head)
        readout = Sequential(
            [GlobalAveragePool2D()] + (classes.map { [Linear(scope["fc"], inputs: head, outputs: $0)] } ?? []))
        featureCount = classes ?? head
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        try runStages(input, in: context)
    }

    /// The first and the last stage keep their depth, stem and head their width.
    private static func body(_ variant: Variant) -> [MobileStage] {
        let stages: [(size: Int, stride: Int, expansion: Int, channels: Int, blocks: Int)] = [
            (3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3), (5, 1, 6, 112, 3), (5, 2, 6, 192, 4),
            (3, 1, 6, 320, 1),
        ]
        return stages.enumerated().map { index, stage in
            let isScaled = index > 0 && index < stages.count - 1
            return MobileStage(
                size: stage.size, stride: stage.stride, expansion: stage.expansion,
                channels: MobileStyle.rounded(variant.width * Double(stage.channels)),
                blocks: isScaled ? Int((variant.depth * Double(stage.blocks)).rounded(.up)) : stage.blocks)
        }
    }
}
