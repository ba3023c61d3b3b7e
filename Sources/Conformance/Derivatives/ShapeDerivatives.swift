import Compute
import Tensors

extension DerivativeCase {
    /// Operations that move elements without changing them.
    static let shape: [DerivativeCase] =
        [0, 1, 2].map { axis in
            DerivativeCase("Slice", "axis \(axis)", [DerivativeInput([5, 3, 7])]) {
                try $0[0].sliced(axis: axis, 1..<3)
            }
        } + [0, 1, -1].map { axis in
            let shapes = [2, 1, 3].map { extent in
                var shape: Shape = [2, 3, 5]
                shape[shape.axis(axis)] = extent
                return shape
            }
            return DerivativeCase("Concatenate", "axis \(axis)", shapes.map { DerivativeInput($0) }) {
                try Tensor.concatenate($0, axis: axis)
            }
        } + [[1, 0, 2], [2, 0, 1], [0, 2, 1], [2, 1, 0]].map { order in
            DerivativeCase("Transpose", "\(order)", [DerivativeInput([2, 3, 5])]) { try $0[0].transposed(order) }
        } + [
            DerivativeCase("Transpose", "matrix", [DerivativeInput([3, 7])]) { try $0[0].transposed() },
            DerivativeCase("Pad", "all sides, with a value", [DerivativeInput([3, 2, 5])]) {
                try $0[0].padded([(1, 0), (2, 1), (0, 3)], value: 1.5)
            },
            DerivativeCase("Pad", "one axis", [DerivativeInput([17])]) { try $0[0].padded([(3, 2)]) },
            DerivativeCase("Broadcast", "new axes", [DerivativeInput([5])]) { try $0[0].broadcast(to: [3, 2, 5]) },
            DerivativeCase("Broadcast", "stretched axes", [DerivativeInput([3, 1, 5, 1])]) {
                try $0[0].broadcast(to: [2, 3, 4, 5, 3])
            },
            DerivativeCase("Broadcast", "scalar", [DerivativeInput(.scalar)]) { try $0[0].broadcast(to: [3, 3]) },
            DerivativeCase("Reshape", "one extent left open", [DerivativeInput([3, 4, 5])]) { $0[0].reshaped([6, -1]) },
            DerivativeCase("Reshape", "flattened", [DerivativeInput([2, 3, 5])]) { $0[0].flattened() },
        ]
}
