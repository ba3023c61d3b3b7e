import Compute
import Tensors

extension DerivativeCase {
    static let softmax: [DerivativeCase] = ([[3, 7], [2, 3, 5], [33], [4, 2]] as [Shape]).flatMap { shape in
        [
            DerivativeCase("Softmax", "\(shape)", [DerivativeInput(shape, .uniform(-2...2))]) { try $0[0].softmax() },
            DerivativeCase("Softmax", "logarithm, \(shape)", [DerivativeInput(shape, .uniform(-2...2))]) {
                try $0[0].logSoftmax()
            },
        ]
    }
}
