import Compute
import Tensors

extension DerivativeCase {
    static let dropout: [DerivativeCase] = [0, 0.2, 0.5].map { probability in
        DerivativeCase("Dropout", "probability \(probability)", [DerivativeInput([7, 11])]) {
            try $0[0].dropout(probability: probability, random: RandomPosition(seed: 3, stream: 5, block: 7))
        }
    }
}
