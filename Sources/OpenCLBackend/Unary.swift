import Compute

extension Unary.Function {
    /// The function's scalars among the arguments of a kernel that has room for two.
    fileprivate var scalars: [Argument] {
        switch self {
        case .affine, .clamp: [.scalar(0), .scalar(1)]
        case .leakyRelu: [.scalar(0), .float(0)]
        case .negate, .absolute, .square, .reciprocal, .exp, .log, .sqrt, .reciprocalSqrt, .relu, .relu6, .gelu, .silu,
            .tanh, .sigmoid:
            [.float(0), .float(0)]
        }
    }
}

extension Unary {
    func plan(_ tuning: Tuning) -> Plan {
        Plan(
            Launch(
                file: "unary", macros: tuning.chunkMacros, kernel: "unary", items: tuning.chunks(of: count),
                arguments: [.operand(0), .operand(1), .int(Int(function.rawValue))] + function.scalars
                    + [.long(count)]))
    }
}

extension UnaryGradient {
    func plan(_ tuning: Tuning) -> Plan {
        Plan(
            Launch(
                file: "unary", macros: tuning.chunkMacros, kernel: "unary_gradient", items: tuning.chunks(of: count),
                arguments: [.operand(0), .operand(1), .operand(2), .int(Int(function.rawValue))] + function.scalars
                    + [.long(count), .int(tasks)]))
    }
}
