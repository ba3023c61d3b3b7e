import Compute
import Foundation

/// How a parameter starts.
///
/// Values are drawn on the host from a stream that is named after the parameter, so they depend on the seed and the name
/// alone: not on the device, and not on what else the network contains.
public enum Initializer: Hashable, Sendable {
    case constant(Float)
    /// A square matrix with one value on the diagonal and another beside it.
    case diagonal(Float, elsewhere: Float)
    case uniform(low: Float, high: Float)
    case normal(mean: Float, deviation: Float)
    /// A normal distribution whose values beyond two deviations are drawn again.
    case truncatedNormal(deviation: Float)

    /// He, Zhang, Ren, Sun: "Delving Deep into Rectifiers", ICCV 2015.
    ///
    /// - Parameter gain: √2 in front of a ReLU.
    public static func kaimingNormal(fanIn: Int, gain: Float = Float(2).squareRoot()) -> Initializer {
        .normal(mean: 0, deviation: gain / Float(max(fanIn, 1)).squareRoot())
    }

    public static func kaimingUniform(fanIn: Int, gain: Float = Float(2).squareRoot()) -> Initializer {
        let bound = gain * (3 / Float(max(fanIn, 1))).squareRoot()
        return .uniform(low: -bound, high: bound)
    }

    /// Glorot, Bengio: "Understanding the Difficulty of Training Deep Feedforward Neural Networks", AISTATS 2010.
    public static func xavierUniform(fanIn: Int, fanOut: Int, gain: Float = 1) -> Initializer {
        let bound = gain * (6 / Float(max(fanIn + fanOut, 1))).squareRoot()
        return .uniform(low: -bound, high: bound)
    }

    public static func xavierNormal(fanIn: Int, fanOut: Int, gain: Float = 1) -> Initializer {
        .normal(mean: 0, deviation: gain * (2 / Float(max(fanIn + fanOut, 1))).squareRoot())
    }

    /// PyTorch's default for linear and convolution layers, weights and biases alike: uniform within `1/√fanIn`.
    public static func standard(fanIn: Int) -> Initializer {
        kaimingUniform(fanIn: fanIn, gain: Float(1.0 / 3).squareRoot())
    }

    /// The values for a parameter.
    public func values(count: Int, seed: UInt64, name: String) -> [Float] {
        var generator = Philox(seed: seed, stream: "parameter." + name)
        switch self {
        case .constant(let value): return [Float](repeating: value, count: count)
        case .diagonal(let diagonal, let elsewhere):
            let side = Int(Double(count).squareRoot().rounded())
            precondition(side * side == count, "a diagonal of \(count) elements, which form no square")
            return (0..<count).map { $0 / side == $0 % side ? diagonal : elsewhere }
        case .uniform(let low, let high):
            return (0..<count).map { _ in low + (high - low) * generator.nextUniform() }
        case .normal(let mean, let deviation):
            return (0..<count).map { _ in mean + deviation * generator.nextNormal() }
        case .truncatedNormal(let deviation):
            return (0..<count).map { _ in
                while true {
                    let value = generator.nextNormal()
                    if abs(value) <= 2 { return deviation * value }
                }
            }
        }
    }
}

extension Philox {
    fileprivate mutating func nextUniform() -> Float {
        Philox.uniform(UInt32(truncatingIfNeeded: next() as UInt64))
    }

    /// Box-Muller; the second of the pair is not used, which keeps the draws independent of their number.
    fileprivate mutating func nextNormal() -> Float {
        let words: UInt64 = next()
        let radius = (Float(UInt32(truncatingIfNeeded: words) >> 8) + 1) * 0x1p-24
        let angle = Philox.uniform(UInt32(truncatingIfNeeded: words >> 32))
        return (-2 * log(radius)).squareRoot() * cos(2 * .pi * angle)
    }
}
