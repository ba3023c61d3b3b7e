import Compute

/// Everything that a device must be able to do, as cases against a Float64 reference.
///
/// Every case also checks that nothing outside the results is written, that nothing outside the inputs is read, and that
/// a second run gives the same bits.
public struct ConformanceSuite {
    /// The cases, grouped by operation.
    public static let cases: [ConformanceCase] =
        GEMMCases.all + MaskedGEMMCases.all + Conv2DCases.all + Pool2DCases.all + ReductionCases.all + UnaryCases.all
        + BinaryCases.all + SoftmaxCases.all + CrossEntropyCases.all + PointwiseLossCases.all + WeightedMeanCases.all
        + BatchNormCases.all + LayerNormCases.all + AttentionCases.all + SegmentMeanCases.all + DropoutCases.all
        + EmbeddingCases.all + StridedCopyCases.all + FillCases.all + RandomFillCases.all + GramianCases.all
        + WeightedRowSumCases.all + OptimizerStepCases.all

    /// The operations' names, in the order of the cases.
    public static let operations: [String] = cases.reduce(into: []) { names, next in
        if names.last != next.operation { names.append(next.operation) }
    }

    /// Runs the suite operation by operation. A case that the device throws on counts as failed.
    ///
    /// - Parameter tiny: only cases that an instruction-level simulator gets through; see ``ConformanceCase/isTiny``.
    public static func summary(on device: any Device, tiny: Bool = false) -> [OperationSummary] {
        operations.map { summary(of: $0, on: device, tiny: tiny) }
    }

    /// Runs the cases of one operation.
    public static func summary(of operation: String, on device: any Device, tiny: Bool = false) -> OperationSummary {
        var summary = OperationSummary(operation: operation)
        for next in cases where next.operation == operation && (next.isTiny || !tiny) {
            do {
                summary.add(try next.run(on: device), of: next)
            } catch {
                summary.add(error, of: next)
            }
        }
        return summary
    }
}

/// How a device did on one operation.
public struct OperationSummary: Sendable {
    /// A case that did not pass and why.
    public struct Failure: Sendable, CustomStringConvertible {
        public let name: String
        public let reason: String
        public var description: String { "\(name): \(reason)" }
    }

    public let operation: String
    public private(set) var cases = 0
    public private(set) var failures: [Failure] = []
    /// The largest error relative to its bound over all cases.
    public private(set) var worstRatio = 0.0

    public var passed: Int { cases - failures.count }

    init(operation: String) { self.operation = operation }

    mutating func add(_ result: ConformanceResult, of conformanceCase: ConformanceCase) {
        cases += 1
        worstRatio = max(worstRatio, result.worstRatio)
        if let mismatch = result.firstMismatch {
            let reason = "\(mismatch) (first of \(result.mismatchCount))"
            failures.append(Failure(name: conformanceCase.name, reason: reason))
        }
    }

    mutating func add(_ error: ComputeError, of conformanceCase: ConformanceCase) {
        cases += 1
        failures.append(Failure(name: conformanceCase.name, reason: "threw: \(error)"))
    }
}
