import Compute
import Tensors

/// The mean of every window of images `[samples, height, width, channels]`.
public struct AveragePool2D: Layer {
    public let window: Window2D
    /// Whether padding counts as zeros (PyTorch's `count_include_pad`) instead of not at all.
    public let countsPadding: Bool

    public init(window: Window2D, countsPadding: Bool = false) {
        self.window = window
        self.countsPadding = countsPadding
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        try input.averagePool2D(window: window, countsPadding: countsPadding)
    }
}
