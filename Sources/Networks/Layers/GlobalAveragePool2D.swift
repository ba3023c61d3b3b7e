import Compute
import Tensors

/// The mean over each image: `[samples, height, width, channels]` becomes `[samples, channels]`.
public struct GlobalAveragePool2D: Layer {
    public init() {}

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        try input.globalAveragePool2D()
    }
}
