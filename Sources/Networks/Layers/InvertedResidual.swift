import Compute
import Tensors

/// The block of mobile networks: a 1×1 convolution widens the input, a depthwise one filters it, a 1×1 convolution
/// narrows it again without an activation; the input is added where the shape stays.
///
/// Parts: `expand` (missing where nothing is widened), `depthwise` and `project`, each a ``ConvolutionBlock``.
///
/// Source: Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018.
public struct InvertedResidual: Layer {
    public let expand: ConvolutionBlock?
    public let depthwise: ConvolutionBlock
    public let project: ConvolutionBlock
    /// Whether the input is added.
    public let hasShortcut: Bool

    /// - Parameters:
    ///   - expansion: channels inside per input channel.
    ///   - size: of the depthwise window.
    ///   - stride: of the depthwise convolution.
    ///   - style: see ``MobileStyle``.
    public init(
        _ scope: ParameterScope, inputs: Int, outputs: Int, expansion: Int, size: Int = 3, stride: Int = 1,
        style: MobileStyle
    ) {
        let channels = inputs * expansion
        expand =
            expansion == 1
            ? nil : style.block(scope["expand"], inputs: inputs, outputs: channels, activation: .relu6)
        depthwise = style.block(
            scope["depthwise"], inputs: channels, outputs: channels, size: size, stride: stride, groups: channels,
            activation: .relu6)
        project = style.block(scope["project"], inputs: channels, outputs: outputs, activation: .none)
        hasShortcut = stride == 1 && inputs == outputs
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        let expanded = try expand?(input, in: context) ?? input
        let output = try project(try depthwise(expanded, in: context), in: context)
        return hasShortcut ? try output + input : output
    }
}

/// Where mobile networks of different origin differ.
public struct MobileStyle: Hashable, Sendable {
    /// ε of the batch normalisations.
    public var epsilon: Float
    public var padding: WindowPadding

    /// torchvision's: ε of 1e-5, and the same padding on all sides.
    public static let torch = MobileStyle(epsilon: 1e-5, padding: .explicit)
    /// TensorFlow's: ε of 1e-3, and padding that may differ between the sides.
    public static let tensorFlow = MobileStyle(epsilon: 1e-3, padding: .same)

    func block(
        _ scope: ParameterScope, inputs: Int, outputs: Int, size: Int = 1, stride: Int = 1, groups: Int = 1,
        activation: Activation
    ) -> ConvolutionBlock {
        ConvolutionBlock(
            scope, inputs: inputs, outputs: outputs,
            window: Window2D(size: size, stride: stride, padding: size / 2), padding: padding, groups: groups,
            epsilon: epsilon, activation: activation)
    }
}
