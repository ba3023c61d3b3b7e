import Compute
import Tensors

/// A function that is applied to every element.
public enum ActivationLayer: Layer, Hashable, Sendable {
    case relu, relu6
    /// The slope below zero must be positive.
    case leakyReLU(slope: Float = 0.01)
    /// x·Φ(x), exact.
    case gelu
    /// x·sigmoid(x).
    case silu
    case tanh, sigmoid

    /// The names that configurations use.
    public static let names = ["gelu", "leakyReLU", "relu", "relu6", "sigmoid", "silu", "tanh"]

    /// The function of a name, with its standard parameters; nil for a name that is not in ``names``.
    public init?(named name: String) {
        switch name {
        case "relu": self = .relu
        case "relu6": self = .relu6
        case "leakyReLU": self = .leakyReLU()
        case "gelu": self = .gelu
        case "silu": self = .silu
        case "tanh": self = .tanh
        case "sigmoid": self = .sigmoid
        default: return nil
        }
    }

    /// The same function as the last part of a matrix product, convolution or normalisation, where it can be that.
    public var fused: Activation? {
        switch self {
        case .relu: .relu
        case .relu6: .relu6
        case .leakyReLU, .gelu, .silu, .tanh, .sigmoid: nil
        }
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        switch self {
        case .relu: try input.relu()
        case .relu6: try input.relu6()
        case .leakyReLU(let slope): try input.leakyReLU(slope: slope)
        case .gelu: try input.gelu()
        case .silu: try input.silu()
        case .tanh: try input.tanh()
        case .sigmoid: try input.sigmoid()
        }
    }
}
