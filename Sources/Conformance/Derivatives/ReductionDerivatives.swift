import Compute
import Tensors

extension DerivativeCase {
    static let reduction: [DerivativeCase] = {
        typealias Reduce = @Sendable (Tensor, [Int]?, Bool) throws -> Tensor
        let functions: [(name: String, distribution: DerivativeInput.Distribution, reduce: Reduce)] = [
            ("sum", .uniform(-1...1), { try $0.sum(axes: $1, keepsAxes: $2) }),
            ("mean", .uniform(-1...1), { try $0.mean(axes: $1, keepsAxes: $2) }),
            ("maximum", .distinct(spacing: 0.125), { try $0.max(axes: $1, keepsAxes: $2) }),
            ("minimum", .distinct(spacing: 0.125), { try $0.min(axes: $1, keepsAxes: $2) }),
            ("sum of squares", .uniform(-1...1), { try $0.sumOfSquares(axes: $1, keepsAxes: $2) }),
            ("log-sum-exp", .uniform(-1...1), { try $0.logSumExp(axes: $1, keepsAxes: $2) }),
        ]
        let axes: [(shape: Shape, axes: [Int]?)] = [
            ([3, 4, 5], nil), ([3, 4, 5], [0]), ([3, 4, 5], [1]), ([3, 4, 5], [-1]), ([3, 4, 5], [0, 1]),
            ([3, 4, 5], [1, 2]), ([3, 4, 5], [0, 2]), ([2, 3, 2, 5], [0, 2]), ([2, 3, 2, 5], [0, 2, 3]),
            ([17], [0]), ([3, 5], []),
        ]
        return functions.flatMap { function in
            axes.flatMap { shape, axes in
                [false, true].map { keepsAxes in
                    let what = axes.map { "axes \($0)" } ?? "all axes"
                    return DerivativeCase(
                        "Reduction", "\(function.name) of \(shape) over \(what)\(keepsAxes ? ", kept" : "")",
                        [DerivativeInput(shape, function.distribution)]
                    ) { try function.reduce($0[0], axes, keepsAxes) }
                }
            }
        }
    }()
}
