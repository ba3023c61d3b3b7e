import Compute
import Tensors

extension DerivativeCase {
    /// Several operations together: what the walk itself must get right.
    static let composition: [DerivativeCase] = [
        DerivativeCase("Tape", "a leaf in two operations", [DerivativeInput([3, 5])]) {
            try $0[0] * $0[0].exp() + $0[0].tanh()
        },
        DerivativeCase("Tape", "both inputs of an operation are one leaf", [DerivativeInput([3, 5])]) {
            try $0[0] * $0[0]
        },
        DerivativeCase("Tape", "a matrix times its own transpose", [DerivativeInput([3, 5])]) {
            try $0[0].matmul($0[0], transposeOther: true)
        },
        DerivativeCase("Tape", "both inputs of an operation are one result", [DerivativeInput([3, 5])]) {
            let result = try $0[0].sigmoid()
            return try result.matmul(result, transposeSelf: true)
        },
        DerivativeCase("Tape", "a tensor behind itself", [DerivativeInput([3, 5])]) {
            try Tensor.concatenate([$0[0], $0[0].exp(), $0[0]], axis: 0)
        },
        DerivativeCase("Tape", "a weight that is used twice", [DerivativeInput([3, 5]), DerivativeInput([5, 5])]) {
            try $0[0].linear(weight: $0[1]).tanh().linear(weight: $0[1])
        },
        DerivativeCase("Tape", "a computed weight and bias", [DerivativeInput([3, 5]), DerivativeInput([5, 7])]) {
            try $0[0].linear(weight: $0[1].squared(), bias: $0[1].sum(axes: [0]))
        },
        DerivativeCase("Tape", "a computed filter", [DerivativeInput([2, 5, 5, 2]), DerivativeInput([9, 2, 3])]) {
            try $0[0].conv2D(filter: $0[1].tanh().reshaped([3, 3, 2, 3]), window: Window2D(size: 3, padding: 1))
        },
        DerivativeCase("Tape", "a branch without derivative", [DerivativeInput([3, 5], .signed(0.25...1))]) {
            try $0[0] * $0[0].greater(than: Tensor(0, on: $0[0].device))
        },
    ]

    /// Every case: at least one for every operation that has a derivative.
    public static let all: [DerivativeCase] =
        unary + binary + matrixProduct + linear + convolution + fusedConvolution + pooling + reduction + softmax
        + layerNorm + attention + segmentMean
        + crossEntropy + pointwiseLoss + batchNorm + dropout + embedding + shape + composition
}
