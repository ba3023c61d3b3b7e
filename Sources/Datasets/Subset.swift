import Compute

/// Some samples of a dataset, in an order of their own.
public struct Subset: Dataset {
    private let base: any Dataset
    private let indices: [Int]

    /// - Precondition: every index is one of the dataset's.
    public init(of base: any Dataset, _ indices: [Int]) {
        for index in indices {
            precondition(index >= 0 && index < base.count, "Subset: sample \(index) of \(base.count)")
        }
        self.base = base
        self.indices = indices
    }

    public var count: Int { indices.count }
    public var inputShape: Shape { base.inputShape }
    public var tasks: [TaskDescription] { base.tasks }
    public var tabularLayout: TabularLayout? { base.tabularLayout }

    public func batch(of indices: [Int]) throws -> Batch { try base.batch(of: indices.map { self.indices[$0] }) }

    public func batch(of indices: [Int], epoch: Int) throws -> Batch {
        try base.batch(of: indices.map { self.indices[$0] }, epoch: epoch)
    }
}

/// Which samples of a training split are kept for validation.
public struct ValidationSplit: Hashable, Sendable {
    /// Ascending.
    public let training: [Int]
    /// Ascending.
    public let validation: [Int]

    /// Draws a share of the samples, the same ones for the same seed and count.
    ///
    /// - Parameter share: at least 0 and below 1; the number of validation samples is rounded.
    /// - Throws: ``DatasetError/invalidSetting(name:found:expected:)`` where nothing is left to train on, or a share
    ///   above 0 gives no sample.
    public init(of count: Int, share: Double, seed: UInt64) throws(DatasetError) {
        let size = Int((Double(count) * share).rounded())
        guard size < count, size > 0 || share == 0 else {
            throw .invalidSetting(
                name: "number of validation samples", found: size, expected: "some, but not all of \(count) samples")
        }
        var generator = Philox(seed: seed, stream: "validation")
        let order = generator.permutation(of: count)
        validation = order.prefix(size).sorted()
        training = order.dropFirst(size).sorted()
    }
}
