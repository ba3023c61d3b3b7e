import Compute
import Tensors

/// Two-dimensional convolution of images `[samples, height, width, inputs]`: `activation(x ∗ weight + bias)`.
///
/// Parameters: `weight` `[window height, window width, inputs / groups, outputs]`, `bias` `[outputs]` without weight decay.
public struct Convolution2D: Layer {
    /// Chooses how a filter starts from the number of connections into and out of one unit.
    public typealias FilterInitializer = (_ fanIn: Int, _ fanOut: Int) -> Initializer

    public let weight: Parameter
    public let bias: Parameter?
    public let window: Window2D
    public let padding: WindowPadding
    public let groups: Int
    public let activation: Activation
    /// Where the layer was made in a scope that adapts it; filters in groups are not adapted.
    public let adapter: LayerAdapter?

    /// - Parameters:
    ///   - window: size, stride, dilation and padding, which may differ on all four sides.
    ///   - padding: ``WindowPadding/same`` replaces the padding of the window by TensorFlow's.
    ///   - initializer: of the filter; by default PyTorch's, as for the bias: uniform within `1/√fanIn`.
    /// - Precondition: the groups divide inputs and outputs.
    public init(
        _ scope: ParameterScope, inputs: Int, outputs: Int, window: Window2D, padding: WindowPadding = .explicit,
        groups: Int = 1, bias: Bool = true, activation: Activation = .none,
        initializer: FilterInitializer = { fanIn, _ in .standard(fanIn: fanIn) }
    ) {
        precondition(
            groups > 0 && inputs % groups == 0 && outputs % groups == 0,
            "Convolution2D: \(groups) groups do not divide \(inputs) inputs and \(outputs) outputs")
        let area = window.height * window.width
        let fanIn = area * (inputs / groups)
        let weight = scope.parameter(
            "weight", [window.height, window.width, inputs / groups, outputs],
            initializer: initializer(fanIn, area * outputs))
        self.weight = weight
        self.bias =
            bias ? scope.parameter("bias", [outputs], initializer: .standard(fanIn: fanIn), decays: false) : nil
        self.window = window
        self.padding = padding
        self.groups = groups
        self.activation = activation
        adapter =
            groups > 1
            ? nil
            : scope.adapters?.adapter(
                of: weight, at: scope, kind: .convolution,
                lowRank: {
                    LowRankAdapter(
                        $0, filter: [window.height, window.width, inputs], outputs: outputs, window: window,
                        padding: padding, $1)
                }, outputs: outputs)
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        guard let adapter else { return try plain(input, activation, in: context) }
        return try adapter.adapted(input, activation: activation, in: context) { activation throws(ComputeError) in
            try plain(input, activation, in: context)
        }
    }

    private func plain(
        _ input: Tensor, _ activation: Activation, in context: ForwardContext
    ) throws(ComputeError) -> Tensor {
        try callAsFunction(input, filter: context(weight), bias: bias.map { context($0) }, activation: activation)
    }

    /// The same convolution with another filter, bias and activation, and without its adapter.
    func callAsFunction(
        _ input: Tensor, filter: Tensor, bias: Tensor?, activation: Activation
    ) throws(ComputeError) -> Tensor {
        precondition(input.shape.rank == 4, "Convolution2D: input \(input.shape) is not an image batch")
        return try input.conv2D(
            filter: filter, bias: bias,
            window: padding.applied(to: window, height: input.shape[1], width: input.shape[2]), groups: groups,
            activation: activation)
    }
}
