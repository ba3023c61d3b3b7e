import Compute
import Datasets
import Tensors

/// A batch on the device.
public struct DeviceBatch {
    public let inputs: Tensor
    /// In the order of the tasks; nil where a batch has nothing to say about a task.
    public let targets: [Tensor?]
    public let masks: [Tensor?]
    /// Number of samples.
    public let count: Int
    /// The sum of the weights of the samples with a label, by task: what a loss, being a mean, is the mean of.
    public let labelWeights: [Double]
    /// Factors on the losses by task, besides the tasks' own weights.
    let priorities: [Double]

    /// Copies a batch to a device. A task without a label in the batch has no targets.
    ///
    /// - Parameters:
    ///   - included: numbers of the tasks that take part; nil stands for all.
    ///   - priorities: factors on the losses by number of the task; nil stands for 1.
    /// - Throws: ``TrainingError/missingTargets(task:known:)`` if the batch knows no task of the model.
    public init(
        _ batch: Batch, tasks: [LearningTask], including included: Set<Int>? = nil, priorities: [Double]? = nil,
        on device: any Device
    ) throws {
        if tasks.allSatisfy({ batch.targets[$0.name] == nil }) {
            throw TrainingError.missingTargets(task: tasks.map(\.name), known: batch.targets.keys.sorted())
        }
        let weights = tasks.enumerated().map { index, task in
            guard included?.contains(index) ?? true, let weights = batch.labelWeights(of: task) else { return 0.0 }
            return weights.reduce(0) { $0 + Double($1) }
        }
        func upload(_ values: [String: HostTensor]) throws -> [Tensor?] {
            try zip(tasks, weights).map { task, weight in
                weight > 0 ? try values[task.name].map { try Tensor($0, on: device) } : nil
            }
        }
        count = batch.count
        labelWeights = weights
        self.priorities = priorities ?? tasks.map { _ in 1 }
        inputs = try Tensor(batch.inputs, on: device)
        targets = try upload(batch.targets)
        masks = try upload(batch.masks)
    }

    /// Numbers of the tasks with targets.
    var tasks: Set<Int> { Set(targets.indices.filter { targets[$0] != nil }) }
}

extension Tensor {
    /// Copies a tensor of a data set to a device.
    package init(_ values: HostTensor, on device: any Device) throws(ComputeError) {
        switch values.storage {
        case .float(let floats): try self.init(floats, shape: values.shape, on: device)
        case .int(let integers): try self.init(integers, shape: values.shape, on: device)
        }
    }
}
