import Compute
import Tensors

extension DerivativeCase {
    static let layerNorm: [DerivativeCase] = ([[3, 7], [2, 3, 5], [4, 17]] as [Shape]).map { shape in
        let columns = shape[shape.rank - 1]
        // Values far enough apart for the deviation to stay away from 0.
        let inputs = [
            DerivativeInput(shape, .distinct(spacing: 0.25)), DerivativeInput([columns], .signed(0.5...1.5)),
            DerivativeInput([columns]),
        ]
        return DerivativeCase("LayerNorm", "\(shape)", inputs) { try $0[0].layerNorm(scale: $0[1], shift: $0[2]) }
    }
}
