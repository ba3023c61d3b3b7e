import Compute

/// A dataset of arrays in memory.
///
/// ```swift
/// let dataset = try ArrayDataset(
///     inputs: [0.1, 0.2, 0.3, 0.4], inputShape: [2],
///     targets: [
///         .classes("digit", labels: [3, 7], count: 10),
///         .regression("angle", values: [0.5, -0.25], columns: 1),
///     ])
/// ```
public struct ArrayDataset: Dataset {
    /// The targets of one task for all samples.
    public struct Target: Hashable, Sendable {
        /// The label of a sample that does not count in a classification task, as in PyTorch.
        public static let ignoredLabel: Int32 = -100

        public let task: TaskDescription
        /// One weight per sample, or nil where all count once.
        public let mask: [Float]?
        fileprivate let values: Values

        fileprivate enum Values: Hashable, Sendable {
            case labels([Int32], classes: Int)
            case numbers([Float], columns: Int)
        }

        /// One label per sample, in `0..<count` or ``ignoredLabel``.
        public static func classes(
            _ name: String, labels: [Int32], count: Int, names: [String] = [], mask: [Float]? = nil
        ) -> Target {
            Target(
                task: TaskDescription(name: name, kind: .classes(count: count, names: names)), mask: mask,
                values: .labels(labels, classes: count))
        }

        /// `columns` numbers per sample, samples one after the other.
        public static func regression(
            _ name: String, values: [Float], columns: Int, mask: [Float]? = nil
        ) -> Target {
            Target(
                task: TaskDescription(name: name, kind: .regression(columns: columns)), mask: mask,
                values: .numbers(values, columns: columns))
        }
    }

    public let count: Int
    public let inputShape: Shape
    public var tasks: [TaskDescription] { targets.map(\.task) }
    private let inputs: [Float]
    private let targets: [Target]

    /// - Parameters:
    ///   - inputs: the samples one after the other, each of `inputShape`.
    ///   - inputShape: without the batch axis; no extent is zero.
    /// - Throws: ``DatasetError`` where counts do not fit together, a label is out of range, a number is not finite, a
    ///   mask is negative or two tasks share a name.
    public init(inputs: [Float], inputShape: Shape, targets: [Target]) throws(DatasetError) {
        let size = inputShape.count
        precondition(size > 0, "ArrayDataset: input shape \(inputShape) has no elements")
        guard inputs.count.isMultiple(of: size) else {
            throw .partialSample(values: inputs.count, perSample: size)
        }
        self.count = inputs.count / size
        self.inputShape = inputShape
        self.inputs = inputs
        self.targets = targets

        try ArrayDataset.checkFinite(inputs, perSample: size, what: "an input value", task: nil)
        var names: Set<String> = []
        for target in targets {
            guard names.insert(target.task.name).inserted else { throw .duplicateTask(name: target.task.name) }
            try target.validate(samples: count)
        }
    }

    public func batch(of indices: [Int]) -> Batch {
        for index in indices {
            precondition(index >= 0 && index < count, "ArrayDataset: sample \(index) of \(count)")
        }
        let (values, masks) = targets.rows(indices)
        return Batch(
            inputs: HostTensor(
                ArrayDataset.gather(indices, from: inputs, size: inputShape.count),
                shape: inputShape.prepending(indices.count)),
            targets: values, masks: masks)
    }

    fileprivate static func gather(_ indices: [Int], from values: [Float], size: Int) -> [Float] {
        var rows: [Float] = []
        rows.reserveCapacity(indices.count * size)
        for index in indices { rows += values[index * size..<(index + 1) * size] }
        return rows
    }

    fileprivate static func checkFinite(
        _ values: [Float], perSample: Int, what: String, task: String?
    ) throws(DatasetError) {
        if let position = values.firstIndex(where: { !$0.isFinite }) {
            throw .unusableValue(what: what, task: task, sample: position / perSample, value: "\(values[position])")
        }
    }
}

extension [ArrayDataset.Target] {
    /// The targets and masks of some samples, as a batch has them.
    func rows(_ indices: [Int]) -> (targets: [String: HostTensor], masks: [String: HostTensor]) {
        var result: (targets: [String: HostTensor], masks: [String: HostTensor]) = ([:], [:])
        for target in self {
            result.targets[target.task.name] = target.rows(indices)
            if let mask = target.mask {
                result.masks[target.task.name] = HostTensor(indices.map { mask[$0] }, shape: [indices.count])
            }
        }
        return result
    }
}

extension ArrayDataset.Target {
    func validate(samples: Int) throws(DatasetError) {
        switch values {
        case .labels(let labels, let classes):
            precondition(classes > 0, "task \"\(task.name)\": \(classes) classes, expected at least 1")
            if case .classes(_, let names) = task.kind, !names.isEmpty {
                try checkCount(of: "class names", names.count, expected: classes)
            }
            try checkCount(of: "labels", labels.count, expected: samples)
            for (sample, label) in labels.enumerated() where label != Self.ignoredLabel {
                guard label >= 0, label < classes else {
                    throw .labelOutOfRange(task: task.name, sample: sample, label: Int(label), classes: classes)
                }
            }
        case .numbers(let numbers, let columns):
            precondition(columns > 0, "task \"\(task.name)\": \(columns) columns, expected at least 1")
            try checkCount(of: "target values", numbers.count, expected: samples * columns)
            try ArrayDataset.checkFinite(numbers, perSample: columns, what: "a target value", task: task.name)
        }
        guard let mask else { return }
        try checkCount(of: "values of the mask", mask.count, expected: samples)
        if let sample = mask.firstIndex(where: { !$0.isFinite || $0 < 0 }) {
            throw .unusableValue(what: "the mask", task: task.name, sample: sample, value: "\(mask[sample])")
        }
    }

    private func checkCount(of what: String, _ found: Int, expected: Int) throws(DatasetError) {
        guard found == expected else {
            throw .wrongCount(what: what, task: task.name, found: found, expected: expected)
        }
    }

    func rows(_ indices: [Int]) -> HostTensor {
        switch values {
        case .labels(let labels, _):
            HostTensor(indices.map { labels[$0] }, shape: [indices.count])
        case .numbers(let numbers, let columns):
            HostTensor(
                ArrayDataset.gather(indices, from: numbers, size: columns), shape: [indices.count, columns])
        }
    }
}
