import Compute
import Tensors

extension DerivativeCase {
    static let unary: [DerivativeCase] = Unary.Function.allCases.map { function in
        let distribution: DerivativeInput.Distribution
        var scalars: [Float] = []
        switch function {
        case .negate, .square, .exp, .gelu, .silu, .tanh, .sigmoid: distribution = .uniform(-2...2)
        case .absolute, .relu: distribution = .signed(0.25...2)
        case .reciprocal: distribution = .signed(0.7...2)
        case .log, .sqrt, .reciprocalSqrt: distribution = .uniform(0.7...2)
        case .relu6: distribution = .choice([-2, -0.5, 0.5, 3, 5.5, 6.5, 8])
        case .leakyRelu:
            distribution = .signed(0.25...2)
            scalars = [0.1]
        case .affine:
            distribution = .uniform(-2...2)
            scalars = [1.5, -0.25]
        case .clamp:
            distribution = .choice([-2, -1.25, -0.5, 0.7, 1.2, 2])
            scalars = [-1, 1.5]
        }
        return DerivativeCase("Unary", "\(function)", [DerivativeInput([3, 1, 11], distribution)]) { [scalars] in
            try $0[0].unary(function, scalars: scalars)
        }
    }
}
