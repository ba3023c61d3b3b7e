import Compute
import Tensors

/// The residual block of the larger residual networks: 1×1, 3×3 and 1×1 convolutions around which the input is added.
///
/// Parts, named as in torchvision: `conv1`, `bn1` … `conv3`, `bn3`, and, where stride or channels change, `downsample.0`
/// (a 1×1 convolution) and `downsample.1` (its batch normalisation). The stride is that of the 3×3 convolution.
///
/// Source: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016, figure 5 right.
public struct Bottleneck: Layer {
    /// Channels that come out per channel inside.
    public static let expansion = 4

    public let residual: Sequential
    /// Nil where the input is added as it is.
    public let shortcut: Sequential?

    /// - Parameter channels: of the 3×3 convolution.
    public init(_ scope: ParameterScope, inputs: Int, channels: Int, stride: Int = 1) {
        let outputs = Bottleneck.expansion * channels
        func convolution(_ scope: ParameterScope, _ inputs: Int, _ outputs: Int, _ window: Window2D) -> Convolution2D {
            Convolution2D(
                scope, inputs: inputs, outputs: outputs, window: window, bias: false,
                initializer: { _, fanOut in .kaimingNormal(fanIn: fanOut) })
        }
        residual = Sequential([
            convolution(scope["conv1"], inputs, channels, Window2D(size: 1)),
            BatchNorm(scope["bn1"], channels: channels, activation: .relu),
            convolution(scope["conv2"], channels, channels, Window2D(size: 3, stride: stride, padding: 1)),
            BatchNorm(scope["bn2"], channels: channels, activation: .relu),
            convolution(scope["conv3"], channels, outputs, Window2D(size: 1)),
            BatchNorm(scope["bn3"], channels: outputs),
        ])
        shortcut =
            stride == 1 && inputs == outputs
            ? nil
            : Sequential(
                scope["downsample"],
                { convolution($0, inputs, outputs, Window2D(size: 1, stride: stride)) },
                { BatchNorm($0, channels: outputs) })
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        let residual = try residual(input, in: context)
        let identity = try shortcut?(input, in: context) ?? input
        return try (residual + identity).relu()
    }
}
