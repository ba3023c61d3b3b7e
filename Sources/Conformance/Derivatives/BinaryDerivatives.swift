import Compute
import Tensors

extension DerivativeCase {
    static let binary: [DerivativeCase] = {
        let shapes: [(Shape, Shape)] = [
            ([3, 5], [3, 5]), ([3, 5], [5]), ([7], [2, 1, 7]), ([3, 1], [1, 5]), ([4, 1, 3], [2, 1]), (.scalar, [5]),
        ]
        return Binary.Function.allCases.flatMap { function -> [DerivativeCase] in
            let left: DerivativeInput.Distribution
            let right: DerivativeInput.Distribution
            switch function {
            case .add, .subtract, .multiply: (left, right) = (.signed(0.5...1), .signed(0.5...1))
            case .divide: (left, right) = (.signed(0.5...1), .signed(0.7...2))
            // No two elements come near each other, and both sides win.
            case .maximum, .minimum: (left, right) = (.signed(0.2...0.4), .distinct(spacing: 1))
            case .power: (left, right) = (.uniform(1.2...2), .signed(0.5...2))
            case .greater, .greaterOrEqual, .equal: return []
            }
            return shapes.map { shapes in
                DerivativeCase(
                    "Binary", "\(function) of \(shapes.0) and \(shapes.1)",
                    [DerivativeInput(shapes.0, left), DerivativeInput(shapes.1, right)]
                ) { try $0[0].binary(function, $0[1]) }
            }
        }
    }()
}
