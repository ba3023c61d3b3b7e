import Compute
import Tensors

/// The residual block of the smaller residual networks: two 3×3 convolutions around which the input is added.
///
/// Parts, named as in torchvision: `conv1`, `bn1`, `conv2`, `bn2`, and, where stride or channels change,
/// `downsample.0` (a 1×1 convolution) and `downsample.1` (its batch normalisation).
///
/// Source: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016, figure 5 left.
public struct BasicBlock: Layer {
    public let residual: Sequential
    /// Nil where the input is added as it is.
    public let shortcut: Sequential?

    /// - Parameter stride: of the first convolution and of the shortcut.
    public init(_ scope: ParameterScope, inputs: Int, outputs: Int, stride: Int = 1) {
        func convolution(_ scope: ParameterScope, from channels: Int, _ window: Window2D) -> Convolution2D {
            Convolution2D(
                scope, inputs: channels, outputs: outputs, window: window, bias: false,
                initializer: { _, fanOut in .kaimingNormal(fanIn: fanOut) })
        }
        residual = Sequential([
            convolution(scope["conv1"], from: inputs, Window2D(size: 3, stride: stride, padding: 1)),
            BatchNorm(scope["bn1"], channels: outputs, activation: .relu),
            convolution(scope["conv2"], from: outputs, Window2D(size: 3, padding: 1)),
            BatchNorm(scope["bn2"], channels: outputs),
        ])
        shortcut =
            stride == 1 && inputs == outputs
            ? nil
            : Sequential(
                scope["downsample"],
                { convolution($0, from: inputs, Window2D(size: 1, stride: stride)) },
                { BatchNorm($0, channels: outputs) })
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        let residual = try residual(input, in: context)
        let identity = try shortcut?(input, in: context) ?? input
        return try (residual + identity).relu()
    }
}
