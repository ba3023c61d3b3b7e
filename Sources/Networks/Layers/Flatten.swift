import Compute
import Tensors

/// Makes one axis of all axes but the first: `[samples, …]` becomes `[samples, features]`.
public struct Flatten: Layer {
    public init() {}

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        input.flattened()
    }
}
