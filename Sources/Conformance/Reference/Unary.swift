import Compute

extension Reference {
    static func unary(_ function: Unary.Function, _ input: Float, scalars: [Float]) -> Estimate {
        let x = Estimate(input)
        let scalars = scalars.map { Estimate($0) }
        return switch function {
        case .negate: -x
        case .absolute: x.magnitude
        case .square: x * x
        case .reciprocal: 1 / x
        case .exp: .exp(x)
        case .log: .log(x)
        case .sqrt: x.squareRoot()
        case .reciprocalSqrt: 1 / x.squareRoot()
        case .relu: .maximum(x, 0)
        case .relu6: .minimum(.maximum(x, 0), 6)
        case .leakyRelu: x.value < 0 ? scalars[0] * x : x
        case .gelu: x * normalDistribution(x)
        case .silu: x * .sigmoid(x)
        case .tanh: .tanh(x)
        case .sigmoid: .sigmoid(x)
        case .affine: scalars[0] * x + scalars[1]
        case .clamp: .minimum(.maximum(x, scalars[0]), scalars[1])
        }
    }

    /// The derivative at a saved input, or at a saved output where ``Unary/Function/gradientUsesOutput``.
    static func unaryDerivative(_ function: Unary.Function, saved: Float, scalars: [Float]) -> Estimate {
        let s = Estimate(saved)
        let scalars = scalars.map { Estimate($0) }
        return switch function {
        case .negate: -1
        case .absolute: saved == 0 ? 0 : Estimate(saved < 0 ? -1.0 : 1.0)
        case .square: 2 * s
        case .reciprocal: -(s * s)
        case .exp: s
        case .log: 1 / s
        case .sqrt: 0.5 / s
        case .reciprocalSqrt: -0.5 * s * s * s
        case .relu: saved > 0 ? 1 : 0
        case .relu6: saved > 0 && saved < 6 ? 1 : 0
        case .leakyRelu: saved > 0 ? 1 : scalars[0]
        case .gelu: normalDistribution(s) + s * normalDensity(s)
        case .silu: .sigmoid(s) * (1 + s * .sigmoid(-s))
        case .tanh: 1 - s * s
        case .sigmoid: s * (1 - s)
        case .affine: scalars[0]
        case .clamp: (scalars[0].value...scalars[1].value).contains(s.value) ? 1 : 0
        }
    }

    /// Φ(x), the share of the normal distribution below x.
    private static func normalDistribution(_ x: Estimate) -> Estimate {
        0.5 * (1 + .errorFunction(x * Estimate(0.5.squareRoot())))
    }

    private static func normalDensity(_ x: Estimate) -> Estimate {
        Estimate((0.5 / Double.pi).squareRoot()) * .exp(-0.5 * x * x)
    }
}
