/// The first thing that was wrong in a case.
public enum Mismatch: Hashable, Sendable {
    /// A number is further from the reference than its bound allows.
    case value(operand: String, index: Int, found: Float, expected: Double, bound: Double)
    case integer(operand: String, index: Int, found: Int32, expected: Int32)
    /// An input, a gap inside a result or a guard around an operand was written. The index counts from the operand's
    /// first element and is negative before it.
    case untouchedElementChanged(operand: String, index: Int, bits: UInt32)
    /// Two runs on the same inputs gave different bits.
    case notRepeatable(operand: String, index: Int, first: UInt32, second: UInt32)
}

extension Mismatch: CustomStringConvertible {
    public var description: String {
        switch self {
        case .value(let operand, let index, let found, let expected, let bound):
            "\(operand)[\(index)]: found \(found), expected \(expected) ± \(bound)"
        case .integer(let operand, let index, let found, let expected):
            "\(operand)[\(index)]: found \(found), expected \(expected)"
        case .untouchedElementChanged(let operand, let index, let bits):
            "\(operand)[\(index)]: overwritten with \(Float(bitPattern: bits)), which must stay as it was"
        case .notRepeatable(let operand, let index, let first, let second):
            "\(operand)[\(index)]: \(Float(bitPattern: first)) in the first run, \(Float(bitPattern: second)) in the second"
        }
    }
}

/// What one case found out.
public struct ConformanceResult: Sendable {
    /// The largest error relative to its bound; above 1 it is a mismatch.
    public private(set) var worstRatio = 0.0
    /// Elements that were wrong.
    public private(set) var mismatchCount = 0
    public private(set) var firstMismatch: Mismatch?

    public var passed: Bool { mismatchCount == 0 }

    mutating func record(_ mismatch: Mismatch) {
        mismatchCount += 1
        if firstMismatch == nil { firstMismatch = mismatch }
    }

    mutating func check(_ found: Float, against estimate: Estimate, operand: String, index: Int) {
        let ratio = ConformanceResult.ratio(Double(found), estimate)
        worstRatio = max(worstRatio, ratio)
        if ratio > 1 {
            record(
                .value(
                    operand: operand, index: index, found: found, expected: estimate.value, bound: estimate.error))
        }
    }

    /// The error in units of its bound.
    private static func ratio(_ found: Double, _ estimate: Estimate) -> Double {
        let expected = estimate.value
        if expected.isNaN || found.isNaN { return expected.isNaN && found.isNaN ? 0 : .infinity }
        // Beyond Float32's range the result is infinite.
        let representable = abs(expected) > Double(Float.greatestFiniteMagnitude) ? expected * .infinity : expected
        if found == representable { return 0 }
        guard found.isFinite, representable.isFinite, estimate.error > 0 else { return .infinity }
        return abs(found - expected) / estimate.error
    }
}
