import Compute

/// Every function and its derivative over the range where it lives, at its kinks and at special values.
enum UnaryCases {
    static var all: [ConformanceCase] {
        Unary.Function.allCases.flatMap { function in
            counts.flatMap { count in
                [forward(function, count: count), forward(function, count: count, inPlace: true)]
                    + [1, 3].flatMap { tasks in
                        [
                            gradient(function, count: count, tasks: tasks),
                            gradient(function, count: count, tasks: tasks, inPlace: true),
                        ]
                    }
            } + [special(function), kinks(function)]
        }
    }

    private static let counts = [1, 3, 17, 33, 65, 130, 257, 1000, 100_003]

    private static func scalars(of function: Unary.Function) -> [Float] {
        switch function {
        case .leakyRelu: [0.01]
        case .affine: [-1.75, 0.3]
        case .clamp: [-1.5, 2]
        default: []
        }
    }

    private static func inputs(_ count: Int, to function: Unary.Function, _ data: inout CaseData) -> [Float] {
        switch function {
        case .log, .sqrt, .reciprocalSqrt:
            // Every magnitude, and the neighbourhood of 1, where the logarithm has its zero.
            return (0..<count).map { index in
                if index % 4 == 3 { return data.float(in: 0.9...1.1) }
                return data.float(in: 1...2)
                    * Float(sign: .plus, exponent: data.integer(below: 200) - 100, significand: 1)
            }
        case .reciprocal: return data.floats(count, in: 0.01...50).map { data.word() & 1 == 0 ? $0 : -$0 }
        case .exp: return data.floats(count, in: -80...80)
        case .tanh, .sigmoid, .gelu, .silu:
            return (0..<count).map { index in data.float(in: index % 2 == 0 ? -1...1 : -12...12) }
        default: return data.floats(count, in: -9...9)
        }
    }

    private static func forward(_ function: Unary.Function, count: Int, inPlace: Bool = false) -> ConformanceCase {
        make(function, name: "\(count)\(inPlace ? " in place" : "")", count: count, inPlace: inPlace) { data in
            inputs(count, to: function, &data)
        }
    }

    /// NaN, infinities, zeros and large numbers.
    private static func special(_ function: Unary.Function) -> ConformanceCase {
        let common: [Float] = [.nan, .infinity, 0, 1e30, -1e30, 100, -100, 1, -1]
        let values =
            switch function {
            // At -∞ they are NaN or 0, depending on how x times its vanishing factor is written.
            case .gelu, .silu: common
            default: common + [-.infinity]
            }
        return make(function, name: "special values", count: values.count * 3) { _ in values + values + values }
    }

    private static func kinks(_ function: Unary.Function) -> ConformanceCase {
        let values: [Float] = [0, 6, -1.5, 2, 1] + [6, -1.5, 2, 1].flatMap { [Float($0).nextUp, Float($0).nextDown] }
        return make(function, name: "kinks", count: values.count) { _ in values }
    }

    private static func make(
        _ function: Unary.Function, name: String, count: Int, inPlace: Bool = false,
        input: @escaping @Sendable (inout CaseData) -> [Float]
    ) -> ConformanceCase {
        let unary = Unary(function, count: count)
        return ConformanceCase("Unary", "\(function) \(name)", .unary(unary)) { data in
            let scalars = scalars(of: function)
            let input = input(&data)
            let expected = input.map { Reference.unary(function, $0, scalars: scalars) }
            var trial = Trial(.unary(unary), scalars: scalars)
            trial.input("input", input)
            if inPlace { trial.output(inPlaceOf: 0, expected) } else { trial.output("output", expected) }
            return trial
        }
    }

    private static func gradient(
        _ function: Unary.Function, count: Int, tasks: Int, inPlace: Bool = false
    ) -> ConformanceCase {
        let gradient = UnaryGradient(function, count: count, tasks: tasks)
        let name = "\(function) gradient \(count) tasks \(tasks)\(inPlace ? " in place" : "")"
        return ConformanceCase("Unary", name, .unaryGradient(gradient)) { data in
            let scalars = scalars(of: function)
            let saved = saved(count, of: function, &data)
            let deltas = data.floats(tasks * count, in: -2...2)
            let expected = deltas.enumerated().map { index, delta in
                Estimate(delta) * Reference.unaryDerivative(function, saved: saved[index % count], scalars: scalars)
            }
            var trial = Trial(.unaryGradient(gradient), scalars: scalars)
            trial.input("saved", saved)
            trial.input("deltas", deltas)
            if inPlace { trial.output(inPlaceOf: 1, expected) } else { trial.output("input gradients", expected) }
            return trial
        }
    }

    /// What a forward pass saves: inputs or outputs, a few of them at the kinks.
    private static func saved(_ count: Int, of function: Unary.Function, _ data: inout CaseData) -> [Float] {
        switch function {
        case .tanh: return data.floats(count)
        case .sigmoid: return data.floats(count, in: 0...1)
        case .exp: return data.floats(count, in: 0.001...100)
        case .log: return data.floats(count, in: 0.01...100)
        case .sqrt, .reciprocalSqrt: return data.floats(count, in: 0.01...20)
        case .reciprocal: return data.floats(count, in: -9...9)
        case .relu, .relu6, .absolute, .clamp:
            let kinks: [Float] =
                switch function {
                case .relu6: [0, 6, 3]
                case .clamp: [-1.5, 2, Float(2).nextUp, Float(-1.5).nextDown]
                default: [0, 1]
                }
            let range: ClosedRange<Float> = function == .relu ? 0...3 : function == .relu6 ? 0...6 : -3...3
            return (0..<count).map { index in
                index % 3 == 0 ? kinks[index / 3 % kinks.count] : data.float(in: range)
            }
        // No zeros: the derivative at the kink is convention, and the slope on either side is what counts.
        case .leakyRelu: return data.floats(count, in: 0.1...4).map { data.word() & 1 == 0 ? $0 : -$0 * 0.01 }
        case .negate, .square, .gelu, .silu, .affine: return data.floats(count, in: -6...6)
        }
    }
}
