/// Applies a function to every element.
///
/// Operands: input, output (may be the input). Scalars: what the function's documentation names. NaN stays NaN.
public struct Unary: PrimitiveDescription {
    public enum Function: UInt8, Hashable, Sendable, CaseIterable {
        case negate, absolute, square, reciprocal, exp, log, sqrt, reciprocalSqrt
        case relu, relu6
        /// Scalars: slope below zero, which must be positive.
        case leakyRelu
        /// x·Φ(x) with the exact error function (Hendrycks, Gimpel, arXiv 1606.08415).
        case gelu
        /// x·sigmoid(x).
        case silu
        case tanh, sigmoid
        /// a·x + b. Scalars: a, b.
        case affine
        /// Limits to [low, high]. Scalars: low, high.
        case clamp

        /// Whether the derivative is computed from the function's result rather than from its input.
        public var gradientUsesOutput: Bool {
            switch self {
            case .exp, .sqrt, .reciprocalSqrt, .reciprocal, .relu, .relu6, .leakyRelu, .tanh, .sigmoid: true
            case .negate, .absolute, .square, .log, .gelu, .silu, .affine, .clamp: false
            }
        }
    }

    public var function: Function
    public var count: Int

    public init(_ function: Function, count: Int) {
        self.function = function
        self.count = count
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 8 * count }
}

/// The derivative of ``Unary``: `dx[k, i] = dy[k, i] · f'(i)`.
///
/// Operands: the saved tensor of `count` elements (the output of the function where
/// ``Unary/Function/gradientUsesOutput``, else its input), deltas `[tasks, count]`, input gradients `[tasks, count]`
/// (may be the deltas). Scalars: those of the function.
/// At a kink the derivative is PyTorch's: 0 for `absolute`, `relu` and `relu6`, the slope for `leakyRelu`; `clamp` passes
/// the cotangent at its limits.
public struct UnaryGradient: PrimitiveDescription {
    public var function: Unary.Function
    public var count: Int
    public var tasks: Int

    public init(_ function: Unary.Function, count: Int, tasks: Int = 1) {
        self.function = function
        self.count = count
        self.tasks = tasks
    }

    public var floatingPointOperations: Int { 0 }
    public var bytesMoved: Int { 4 * count * (1 + 2 * tasks) }
}
