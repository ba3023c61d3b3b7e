import Compute
import Tensors

/// A convolution without bias, batch normalisation and an activation: `activation(norm(x ∗ weight))`.
///
/// Parts: `conv` and `bn`. Where the normalisation uses its running statistics and nothing wants gradients for the two,
/// it is folded into the filter, which saves a pass over the images: at inference, and in a frozen trunk.
public struct ConvolutionBlock: Layer {
    public let convolution: Convolution2D
    public let norm: BatchNorm

    /// - Parameters:
    ///   - padding: of the window; see ``WindowPadding``.
    ///   - epsilon: of the normalisation.
    public init(
        _ scope: ParameterScope, inputs: Int, outputs: Int, window: Window2D = Window2D(size: 1),
        padding: WindowPadding = .explicit, groups: Int = 1, epsilon: Float = 1e-5, activation: Activation = .none
    ) {
        convolution = Convolution2D(
            scope["conv"], inputs: inputs, outputs: outputs, window: window, padding: padding, groups: groups,
            bias: false, initializer: { _, fanOut in .kaimingNormal(fanIn: fanOut / groups) })
        norm = BatchNorm(scope["bn"], channels: outputs, epsilon: epsilon, activation: activation)
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        guard isConstant(in: context) else { return try norm(try convolution(input, in: context), in: context) }
        let (factor, term) = try norm.affine(in: context)
        let filter = try context(convolution.weight).detached * factor
        return try convolution(input, filter: filter, bias: term, activation: norm.activation)
    }

    /// Whether filter and normalisation are constants of this pass.
    private func isConstant(in context: ForwardContext) -> Bool {
        let isFrozen = [convolution.weight, norm.weight, norm.bias].allSatisfy(context.isFrozen)
        return convolution.adapter == nil && norm.usesRunningStatistics(in: context) && (context.tape == nil || isFrozen)
    }
}
