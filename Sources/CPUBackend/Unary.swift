import CPUKernels
import Compute

extension CPUDevice {
    func run(_ unary: Unary, _ arguments: inout Arguments) {
        let input = arguments.floats(unary.count)
        let output = arguments.floats(unary.count)
        let (a, b) = (arguments.scalarIfPresent(), arguments.scalarIfPresent())
        let kernel = unary.function.kernel
        workers.elements(unary.count, cost: unary.function.cost) { range in
            kernel(input + range.lowerBound, output + range.lowerBound, range.count, a, b)
        }
    }

    func run(_ gradient: UnaryGradient, _ arguments: inout Arguments) {
        let saved = arguments.floats(gradient.count)
        let deltas = arguments.floats(gradient.tasks * gradient.count)
        let gradients = arguments.floats(gradient.tasks * gradient.count)
        let (a, b) = (arguments.scalarIfPresent(), arguments.scalarIfPresent())
        let kernel = gradient.function.gradientKernel
        workers.elements(gradient.count, cost: gradient.function.cost) { range in
            for task in 0..<gradient.tasks {
                let offset = task * gradient.count + range.lowerBound
                kernel(saved + range.lowerBound, deltas + offset, gradients + offset, range.count, a, b)
            }
        }
    }
}

extension Unary.Function {
    fileprivate typealias Kernel =
        @convention(c) (UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int, Float, Float) -> Void
    fileprivate typealias GradientKernel =
        @convention(c) (
            UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int, Float, Float
        ) -> Void

    /// Time per element relative to a copy, roughly.
    fileprivate var cost: Int {
        switch self {
        case .exp, .log, .gelu, .silu, .tanh, .sigmoid: 4
        case .negate, .absolute, .square, .reciprocal, .sqrt, .reciprocalSqrt, .relu, .relu6, .leakyRelu, .affine,
            .clamp:
            1
        }
    }

    fileprivate var kernel: Kernel {
        switch self {
        case .negate: concord_unary_negate
        case .absolute: concord_unary_absolute
        case .square: concord_unary_square
        case .reciprocal: concord_unary_reciprocal
        case .exp: concord_unary_exp
        case .log: concord_unary_log
        case .sqrt: concord_unary_sqrt
        case .reciprocalSqrt: concord_unary_reciprocal_sqrt
        case .relu: concord_unary_relu
        case .relu6: concord_unary_relu6
        case .leakyRelu: concord_unary_leaky_relu
        case .gelu: concord_unary_gelu
        case .silu: concord_unary_silu
        case .tanh: concord_unary_tanh
        case .sigmoid: concord_unary_sigmoid
        case .affine: concord_unary_affine
        case .clamp: concord_unary_clamp
        }
    }

    fileprivate var gradientKernel: GradientKernel {
        switch self {
        case .negate: concord_unary_gradient_negate
        case .absolute: concord_unary_gradient_absolute
        case .square: concord_unary_gradient_square
        case .reciprocal: concord_unary_gradient_reciprocal
        case .exp: concord_unary_gradient_exp
        case .log: concord_unary_gradient_log
        case .sqrt: concord_unary_gradient_sqrt
        case .reciprocalSqrt: concord_unary_gradient_reciprocal_sqrt
        case .relu: concord_unary_gradient_relu
        case .relu6: concord_unary_gradient_relu6
        case .leakyRelu: concord_unary_gradient_leaky_relu
        case .gelu: concord_unary_gradient_gelu
        case .silu: concord_unary_gradient_silu
        case .tanh: concord_unary_gradient_tanh
        case .sigmoid: concord_unary_gradient_sigmoid
        case .affine: concord_unary_gradient_affine
        case .clamp: concord_unary_gradient_clamp
        }
    }
}
