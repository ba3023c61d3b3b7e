import Compute
import Tensors

/// The largest element of every window of images `[samples, height, width, channels]`.
public struct MaxPool2D: Layer {
    public let window: Window2D

    public init(window: Window2D) { self.window = window }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        try input.maxPool2D(window: window)
    }
}
