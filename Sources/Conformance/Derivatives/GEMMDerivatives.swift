import Compute
import Tensors

extension DerivativeCase {
    static let matrixProduct: [DerivativeCase] = [[], [2], [2, 3]].flatMap { (batch: [Int]) in
        [(false, false), (false, true), (true, false), (true, true)].map { (left, right) in
            DerivativeCase(
                "GEMM", "product of \(left ? "transposed" : "plain") and \(right ? "transposed" : "plain"), batch \(batch)",
                [
                    DerivativeInput(Shape(batch + (left ? [5, 3] : [3, 5]))),
                    DerivativeInput(Shape(batch + (right ? [7, 5] : [5, 7]))),
                ]
            ) { try $0[0].matmul($0[1], transposeSelf: left, transposeOther: right) }
        }
    }

    /// With an odd number of products that are odd multiples of ½, and biases that are even ones, no result comes nearer
    /// to a kink of an activation than ½. Of 26 rows and several tasks a device may leave out the zeros behind a ReLU.
    static let linear: [DerivativeCase] = [Activation.none, .relu, .relu6].flatMap { activation in
        ([[7, 5], [2, 3, 5], [5], [26, 5]] as [Shape]).flatMap { shape in
            [false, true].map { hasBias in
                DerivativeCase(
                    "GEMM", "linear on \(shape)\(hasBias ? " with bias" : ""), activation \(activation)",
                    [
                        DerivativeInput(shape, .choice([-1.5, -0.5, 0.5, 1.5])),
                        DerivativeInput([5, 9], .choice([-3, -1, 1, 3])),
                    ] + (hasBias ? [DerivativeInput([9], .choice([-1, 0, 1]))] : [])
                ) { try $0[0].linear(weight: $0[1], bias: hasBias ? $0[2] : nil, activation: activation) }
            }
        }
    }
}
