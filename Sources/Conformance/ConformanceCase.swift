import Compute

/// One primitive on one set of operands, with the reference result that a device must reproduce.
public struct ConformanceCase: Sendable {
    /// The operation's name: that of the file which describes the primitive.
    public let operation: String
    /// What is special about this case; unique within the operation.
    public let name: String
    public let primitive: Primitive
    private let makeTrial: @Sendable (inout CaseData) -> Trial

    init(
        _ operation: String, _ name: String, _ primitive: Primitive,
        trial makeTrial: @escaping @Sendable (inout CaseData) -> Trial
    ) {
        self.operation = operation
        self.name = name
        self.primitive = primitive
        self.makeTrial = makeTrial
    }

    /// Whether an instruction-level simulator of the device gets through it in about a second.
    public var isTiny: Bool {
        let description = primitive.description
        return description.bytesMoved <= 1 << 16 && description.floatingPointOperations <= 200_000
    }

    /// Computes the reference, runs the primitive twice on the device and compares.
    ///
    /// - Throws: what the device throws.
    public func run(on device: any Device) throws(ComputeError) -> ConformanceResult {
        let stream = "\(operation) \(name)"
        var data = CaseData(stream: stream)
        let placements = Trial.Placement.allCases
        let placement = placements[Int(Philox.stream(named: stream) % UInt64(placements.count))]
        return try makeTrial(&data).run(on: device, placement: placement)
    }
}
