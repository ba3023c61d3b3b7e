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
    /// Samples with a target, in the order of the tasks; masked ones do not count.
    let sampleCounts: [Double]

    /// Copies a batch to a device.
    ///
    /// - Throws: ``TrainingError/missingTargets(task:known:)`` if no task of the model has targets.
    public init(_ batch: Batch, tasks: [LearningTask], on device: any Device) throws {
        count = batch.count
        inputs = try Tensor(batch.inputs, on: device)
        targets = try tasks.map { try batch.targets[$0.name].map { try Tensor($0, on: device) } }
        masks = try tasks.map { try batch.masks[$0.name].map { try Tensor($0, on: device) } }
        sampleCounts = tasks.map { task in
            guard batch.targets[task.name] != nil else { return 0 }
            guard case .float(let mask)? = batch.masks[task.name]?.storage else { return Double(batch.count) }
            return mask.reduce(0) { $0 + Double($1) }
        }
        if targets.allSatisfy({ $0 == nil }) {
            throw TrainingError.missingTargets(task: tasks.map(\.name), known: batch.targets.keys.sorted())
        }
    }
}

extension Tensor {
    init(_ values: HostTensor, on device: any Device) throws(ComputeError) {
        switch values.storage {
        case .float(let floats): try self.init(floats, shape: values.shape, on: device)
        case .int(let integers): try self.init(integers, shape: values.shape, on: device)
        }
    }
}
