import Compute
import Tensors

/// Batch normalisation over all axes but the last: `activation((x - mean) / √(variance + ε) · weight + bias)`.
///
/// Parameters: `weight` and `bias`, `[channels]`, both without weight decay; statistics: `running_mean` and `running_var`
/// (PyTorch's names). In training mean and variance are the batch's, and the running ones move towards them; in
/// evaluation, and wherever the layer's weight is frozen, the running ones are used and stay as they are.
///
/// Source: Ioffe, Szegedy, "Batch Normalization", ICML 2015.
public struct BatchNorm: Layer {
    public let weight: Parameter
    public let bias: Parameter
    public let runningMean: Statistic
    public let runningVariance: Statistic
    /// Share of the way that the running statistics move towards those of a batch.
    public let momentum: Float
    public let epsilon: Float
    public let activation: Activation

    public init(
        _ scope: ParameterScope, channels: Int, momentum: Float = 0.1, epsilon: Float = 1e-5,
        activation: Activation = .none
    ) {
        weight = scope.parameter("weight", [channels], initializer: .constant(1), decays: false)
        bias = scope.parameter("bias", [channels], initializer: .constant(0), decays: false)
        runningMean = scope.statistic("running_mean", [channels], initializer: .constant(0))
        runningVariance = scope.statistic("running_var", [channels], initializer: .constant(1))
        self.momentum = momentum
        self.epsilon = epsilon
        self.activation = activation
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        if usesRunningStatistics(in: context) {
            return try input.batchNormInference(
                scale: context(weight), shift: context(bias), runningMean: context(runningMean),
                runningVariance: context(runningVariance), epsilon: epsilon, activation: activation)
        }
        return try input.batchNorm(
            scale: context(weight), shift: context(bias), runningMean: context(runningMean),
            runningVariance: context(runningVariance), momentum: momentum, epsilon: epsilon, activation: activation)
    }

    /// Whether the normalisation is one factor and one term per channel, which no sample changes.
    func usesRunningStatistics(in context: ForwardContext) -> Bool {
        context.mode == .evaluation || context.isFrozen(weight)
    }

    /// The normalisation with running statistics as `x·factor + term`, both `[channels]`, without derivatives.
    func affine(in context: ForwardContext) throws(ComputeError) -> (factor: Tensor, term: Tensor) {
        let deviation = try context(runningVariance).affine(scale: 1, shift: epsilon).reciprocalSquareRoot()
        let factor = try (deviation * context(weight).detached).detached
        return (factor, try context(bias).detached - (context(runningMean).detached * factor))
    }
}
