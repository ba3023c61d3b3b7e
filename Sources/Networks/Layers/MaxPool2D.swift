import Compute
import Tensors

/// The largest element of every window of images `[samples, height, width, channels]`.
public struct MaxPool2D: Layer {
    public let window: Window2D
    public let padding: WindowPadding

    public init(window: Window2D, padding: WindowPadding = .explicit) {
        self.window = window
        self.padding = padding
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        precondition(input.shape.rank == 4, "MaxPool2D: input \(input.shape) is not an image batch")
        return try input.maxPool2D(
            window: padding.applied(to: window, height: input.shape[1], width: input.shape[2]))
    }
}
