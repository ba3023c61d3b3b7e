import Compute
import Tensors

extension DerivativeCase {
    static let embedding: [DerivativeCase] = [
        ("every index once", [3, 0, 2, 1], [4]), ("repeated and missing indices", [2, 2, 0, 2, 0, 4], [6]),
        ("two axes of indices", [1, 1, 3, 0, 4, 1], [2, 3]),
    ].map { (name: String, indices: [Int32], shape: Shape) in
        DerivativeCase("Embedding", name, [DerivativeInput([5, 3])]) {
            try $0[0].embedding(Tensor(indices, shape: shape, on: $0[0].device))
        }
    }
}
