import Foundation

/// A number in Float64 together with the largest error that Float32 arithmetic may have made on the way to it.
///
/// The references are written over estimates, so every formula brings its own tolerance: each operation adds the
/// rounding error of one Float32 operation to what its operands bring along, weighted by the operation's derivative.
/// Cancellation, long sums and large arguments widen the bound exactly where they lose digits, and nothing else does.
///
/// Source: running error analysis, Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, section 3.3.
struct Estimate: Sendable {
    let value: Double
    let error: Double

    /// The spacing of Float32 numbers at 1: twice the error of a correctly rounded operation. The other half leaves room
    /// for fused and reassociated operations.
    static let epsilon = Double(Float.ulpOfOne)

    /// Units in the last place that a function may be wrong by. They are the OpenCL 1.2 specification's limits for
    /// single precision (section 7.4), one more where that limit is taken of a smaller spacing than ``epsilon``.
    enum Units {
        static let quotient = 3.0
        static let squareRoot = 4.0
        static let exponential = 4.0
        static let logarithm = 4.0
        static let tangent = 6.0
        static let errorFunction = 16.0
        static let power = 17.0
        static let trigonometric = 5.0
    }

    /// A number that both sides know exactly.
    init(_ value: Double) { self.init(value, error: 0) }
    init(_ value: Float) { self.init(Double(value), error: 0) }

    /// An infinite result and NaN are right or wrong, but have no distance to anything.
    init(_ value: Double, error: Double) {
        self.value = value
        self.error = value.isFinite ? error : 0
    }

    /// The result of one operation: the error that it inherits plus its own rounding. A device may round subnormal
    /// results to zero.
    private init(_ value: Double, inherited: Double, units: Double = 1) {
        let rounding = units * Estimate.epsilon * abs(value) + Double(Float.leastNormalMagnitude)
        self.init(value, error: inherited + rounding)
    }
}

extension Estimate: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
    init(floatLiteral value: Double) { self.init(value) }
    init(integerLiteral value: Int) { self.init(Double(value)) }
}

extension Estimate {
    static prefix func - (operand: Estimate) -> Estimate { Estimate(-operand.value, error: operand.error) }

    static func + (left: Estimate, right: Estimate) -> Estimate {
        Estimate(left.value + right.value, inherited: left.error + right.error)
    }

    static func - (left: Estimate, right: Estimate) -> Estimate { left + -right }

    static func * (left: Estimate, right: Estimate) -> Estimate {
        let inherited = abs(left.value) * right.error + abs(right.value) * left.error + left.error * right.error
        return Estimate(left.value * right.value, inherited: inherited)
    }

    static func / (left: Estimate, right: Estimate) -> Estimate {
        let quotient = left.value / right.value
        let smallestDivisor = max(abs(right.value) - right.error, 0)
        let inherited = (left.error + abs(quotient) * right.error) / smallestDivisor
        return Estimate(quotient, inherited: inherited, units: Units.quotient)
    }

    func squareRoot() -> Estimate {
        let root = value.squareRoot()
        let inherited = max((value + error).squareRoot() - root, root - max(value - error, 0).squareRoot())
        return Estimate(root, inherited: inherited, units: Units.squareRoot)
    }

    /// The absolute value, which rounds nothing.
    var magnitude: Estimate { Estimate(abs(value), error: error) }

    /// The larger one; NaN if either is.
    static func maximum(_ left: Estimate, _ right: Estimate) -> Estimate {
        if left.value.isNaN || right.value.isNaN { return Estimate(Double.nan) }
        return Estimate(max(left.value, right.value), error: max(left.error, right.error))
    }

    /// The smaller one; NaN if either is.
    static func minimum(_ left: Estimate, _ right: Estimate) -> Estimate { -maximum(-left, -right) }

    static func exp(_ argument: Estimate) -> Estimate {
        let value = Foundation.exp(argument.value)
        return Estimate(value, inherited: value * expm1(argument.error), units: Units.exponential)
    }

    static func log(_ argument: Estimate) -> Estimate {
        let inherited = -log1p(-min(argument.error / abs(argument.value), 1))
        return Estimate(Foundation.log(argument.value), inherited: inherited, units: Units.logarithm)
    }

    /// log(1 + x) without the loss of small x.
    static func logOnePlus(_ argument: Estimate) -> Estimate {
        Estimate(
            log1p(argument.value), inherited: argument.error / abs(1 + argument.value), units: Units.logarithm)
    }

    static func tanh(_ argument: Estimate) -> Estimate {
        Estimate(Foundation.tanh(argument.value), inherited: argument.error, units: Units.tangent)
    }

    static func errorFunction(_ argument: Estimate) -> Estimate {
        let slope = 2 / Double.pi.squareRoot() * Foundation.exp(-argument.value * argument.value)
        return Estimate(erf(argument.value), inherited: slope * argument.error, units: Units.errorFunction)
    }

    /// A power of exact operands.
    static func power(_ base: Estimate, _ exponent: Estimate) -> Estimate {
        Estimate(pow(base.value, exponent.value), inherited: 0, units: Units.power)
    }

    /// cos 2πt and sin 2πt of an exact t. Near their zeros the rounding of 2πt itself decides.
    static func circle(_ turns: Double) -> (cosine: Estimate, sine: Estimate) {
        let angle = 2 * Double.pi * turns
        let rounding = epsilon * angle
        return (
            Estimate(cos(angle), inherited: rounding, units: Units.trigonometric),
            Estimate(sin(angle), inherited: rounding, units: Units.trigonometric)
        )
    }

    /// 1 / (1 + exp(-x)).
    static func sigmoid(_ argument: Estimate) -> Estimate { 1 / (1 + exp(-argument)) }

    /// log(1 + exp x), around the larger of x and 0.
    static func softplus(_ argument: Estimate) -> Estimate {
        maximum(argument, 0) + logOnePlus(exp(-argument.magnitude))
    }
}

/// A sum whose terms Float32 arithmetic adds one by one or in a tree.
///
/// The roundings of n additions are independent, each at most half an ``Estimate/epsilon`` of a partial sum, and no
/// partial sum exceeds Σ|term|. In sequence they grow like √n, in a tree like its depth log₂ n; the bound is four times
/// that.
struct Sum {
    enum Order {
        /// In sequence, as in a matrix product; blocks and vector lanes only make it better.
        case sequence
        /// Over a fixed tree, as the reductions promise.
        case tree
    }

    private var value = 0.0
    private var magnitude = 0.0
    private var inherited = 0.0
    private var count = 0

    mutating func add(_ term: Estimate) {
        value += term.value
        magnitude += abs(term.value)
        inherited += term.error
        count += 1
    }

    /// Adds a product of exact factors.
    mutating func add(_ left: Float, times right: Float) {
        let product = Double(left) * Double(right)
        value += product
        magnitude += abs(product)
        inherited += Estimate.epsilon * abs(product)
        count += 1
    }

    func total(_ order: Order) -> Estimate {
        guard count > 1 else { return Estimate(value, error: inherited) }
        let growth = order == .sequence ? Double(count).squareRoot() : log2(Double(count))
        return Estimate(value, error: inherited + 2 * Estimate.epsilon * growth * magnitude)
    }
}

extension Sequence<Estimate> {
    /// The sum over a fixed tree.
    func sum() -> Estimate {
        var sum = Sum()
        for term in self { sum.add(term) }
        return sum.total(.tree)
    }

    /// The sum in sequence.
    func inSequence() -> Estimate {
        var sum = Sum()
        for term in self { sum.add(term) }
        return sum.total(.sequence)
    }
}
