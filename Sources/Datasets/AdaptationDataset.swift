import Compute

/// Labelled samples of a source domain, each beside an unlabelled one of a target domain.
///
/// A batch of n samples has 2n rows, first n of the source, then n of the target. The tasks' labels of the target's rows
/// are never read: they do not count. One more target, ``domainTask``, says which rows are which: Float `[rows, 1]`, 0 for
/// the source and 1 for the target. An epoch goes through the larger domain once; the smaller one starts over.
public struct AdaptationDataset: Dataset {
    /// The name of the task that tells the domains apart.
    public static let domainTask = "domain"

    private let source: any Dataset
    private let target: any Dataset

    /// - Throws: ``DatasetError/invalidSetting(name:found:expected:)`` where a domain has no samples.
    /// - Precondition: both have inputs of the same shape, and the source no task of the name ``domainTask``.
    public init(source: any Dataset, target: any Dataset) throws(DatasetError) {
        precondition(
            source.inputShape == target.inputShape,
            "AdaptationDataset: source \(source.inputShape), target \(target.inputShape)")
        precondition(!source.tasks.contains { $0.name == AdaptationDataset.domainTask }, "a task is named \"domain\"")
        for (name, dataset) in [("source", source), ("target", target)] where dataset.count == 0 {
            throw .invalidSetting(name: "number of samples of the \(name) domain", found: 0, expected: "at least 1")
        }
        self.source = source
        self.target = target
    }

    public var count: Int { max(source.count, target.count) }
    public var inputShape: Shape { source.inputShape }
    public var tabularLayout: TabularLayout? { source.tabularLayout }
    public var tasks: [TaskDescription] {
        source.tasks + [TaskDescription(name: AdaptationDataset.domainTask, kind: .regression(columns: 1))]
    }

    public func batch(of indices: [Int]) throws -> Batch {
        join(
            try source.batch(of: indices.map { $0 % source.count }),
            try target.batch(of: indices.map { $0 % target.count }))
    }

    public func batch(of indices: [Int], epoch: Int) throws -> Batch {
        join(
            try source.batch(of: indices.map { $0 % source.count }, epoch: epoch),
            try target.batch(of: indices.map { $0 % target.count }, epoch: epoch))
    }

    private func join(_ labelled: Batch, _ unlabelled: Batch) -> Batch {
        let rows = labelled.count
        var (targets, masks): ([String: HostTensor], [String: HostTensor]) = ([:], [:])
        for (task, values) in labelled.targets {
            let empty = HostTensor.zeros(like: values)
            targets[task] = HostTensor.concatenated(values, empty)
            let mask = labelled.masks[task] ?? HostTensor([Float](repeating: 1, count: rows), shape: [rows])
            masks[task] = HostTensor.concatenated(mask, HostTensor.zeros(like: mask))
        }
        targets[AdaptationDataset.domainTask] = HostTensor(
            [Float](repeating: 0, count: rows) + [Float](repeating: 1, count: rows), shape: [2 * rows, 1])
        return Batch(
            inputs: HostTensor.concatenated(labelled.inputs, unlabelled.inputs), targets: targets, masks: masks)
    }
}

extension HostTensor {
    fileprivate static func zeros(like other: HostTensor) -> HostTensor {
        switch other.storage {
        case .float: HostTensor([Float](repeating: 0, count: other.count), shape: other.shape)
        case .int: HostTensor([Int32](repeating: 0, count: other.count), shape: other.shape)
        }
    }

    /// One behind the other along the first axis. Texts may be of different lengths.
    fileprivate static func concatenated(_ first: HostTensor, _ second: HostTensor) -> HostTensor {
        var shape = first.shape
        shape[0] += second.shape[0]
        switch (first.storage, second.storage) {
        case (.float(let a), .float(let b)): return HostTensor(a + b, shape: shape)
        case (.int(let a), .int(let b)):
            if first.shape.rank == 2, second.shape.rank == 2, first.shape[1] != second.shape[1] {
                return TokenBatch.padded(TokenBatch.rows(of: first) + TokenBatch.rows(of: second))
            }
            return HostTensor(a + b, shape: shape)
        default: preconditionFailure("rows of numbers and rows of integers in one batch")
        }
    }
}
