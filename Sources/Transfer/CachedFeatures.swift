import Compute
import Datasets
import MultiTask
import Networks
import Tensors

/// A data set with features in place of its inputs: what a frozen body makes of them, computed once.
///
/// The body runs in evaluation mode, so dropout in it does nothing, and augmented inputs are seen in one variant only.
/// Features and targets are held in host memory.
public struct CachedFeatures: Dataset {
    public let count: Int
    public let inputShape: Shape
    public let tasks: [TaskDescription]
    private let inputs: HostTensor
    private let targets: [String: HostTensor]
    private let masks: [String: HostTensor]

    /// Runs a body over all samples of a data set.
    ///
    /// - Parameter batchSize: samples at a time; on some devices the last bits of features depend on it.
    /// - Throws: what reading the data set, or the device, throws.
    public init(of dataset: any Dataset, body: any Layer, arena: ParameterArena, batchSize: Int = 256) throws {
        let batches = try BatchLoader(dataset, batchSize: batchSize, order: .sequential).epoch(0)
        var inputs = Rows()
        var targets: [String: Rows] = [:]
        var masks: [String: Rows] = [:]
        var samples = 0
        while let batch = try batches.next() {
            let context = ForwardContext(arena, mode: .evaluation)
            let features = try body(try Tensor(batch.inputs, on: arena.device), in: context)
            inputs.append(HostTensor(try features.floats(), shape: features.shape))
            for (task, tensor) in batch.targets { targets[task, default: Rows()].append(tensor) }
            for task in Set(masks.keys).union(batch.masks.keys) {
                // A batch without a mask counts every sample once.
                let ones = { (count: Int) in HostTensor([Float](repeating: 1, count: count), shape: [count]) }
                if masks[task] == nil {
                    masks[task] = Rows()
                    if samples > 0 { masks[task]?.append(ones(samples)) }
                }
                masks[task]?.append(batch.masks[task] ?? ones(batch.count))
            }
            samples += batch.count
        }
        count = samples
        self.inputs = inputs.tensor
        inputShape = Shape(Array(self.inputs.shape.dropFirst()))
        self.targets = targets.mapValues(\.tensor)
        self.masks = masks.mapValues(\.tensor)
        tasks = dataset.tasks
    }

    public func batch(of indices: [Int]) -> Batch {
        Batch(
            inputs: inputs.rows(indices), targets: targets.mapValues { $0.rows(indices) },
            masks: masks.mapValues { $0.rows(indices) })
    }
}

extension TrainingSource {
    /// The same data with features in place of inputs.
    ///
    /// - Throws: as ``CachedFeatures``.
    public func cachingFeatures(of body: any Layer, arena: ParameterArena) throws -> TrainingSource {
        TrainingSource(
            training: try CachedFeatures(of: training, body: body, arena: arena),
            validation: try validation.map { try CachedFeatures(of: $0, body: body, arena: arena) },
            test: try test.map { try CachedFeatures(of: $0, body: body, arena: arena) }, tasks: tasks,
            batchSize: batchSize)
    }
}

/// Tensors that grow along their first axis.
private struct Rows {
    private var count = 0
    private var sample: Shape = []
    private var floats: [Float] = []
    private var ints: [Int32] = []

    mutating func append(_ tensor: HostTensor) {
        count += tensor.shape[0]
        sample = Shape(Array(tensor.shape.dropFirst()))
        switch tensor.storage {
        case .float(let values): floats += values
        case .int(let values): ints += values
        }
    }

    var tensor: HostTensor {
        ints.isEmpty
            ? HostTensor(floats, shape: sample.prepending(count)) : HostTensor(ints, shape: sample.prepending(count))
    }
}

extension HostTensor {
    /// Some elements of the first axis, in the order given.
    fileprivate func rows(_ indices: [Int]) -> HostTensor {
        let size = shape.dropFirst().reduce(1, *)
        func gathered<Element>(_ values: [Element]) -> [Element] {
            var result: [Element] = []
            result.reserveCapacity(indices.count * size)
            for index in indices { result += values[index * size..<(index + 1) * size] }
            return result
        }
        let shape = Shape([indices.count] + Array(shape.dropFirst()))
        switch storage {
        case .float(let values): return HostTensor(gathered(values), shape: shape)
        case .int(let values): return HostTensor(gathered(values), shape: shape)
        }
    }
}
