import Datasets

/// A data set of a run with the tasks that learn from it.
public struct TrainingSource: Sendable {
    public var training: any Dataset
    /// What the tasks are measured on after every epoch.
    public var validation: (any Dataset)?
    /// What the best epoch is measured on once, where another data set has chosen it.
    public var test: (any Dataset)?
    /// The names of the tasks. Every task of a run learns from one source.
    public var tasks: [String]
    /// Samples that a step takes; nil takes the batch size of the run.
    public var batchSize: Int?

    public init(
        training: any Dataset, validation: (any Dataset)? = nil, test: (any Dataset)? = nil, tasks: [String],
        batchSize: Int? = nil
    ) {
        self.training = training
        self.validation = validation
        self.test = test
        self.tasks = tasks
        self.batchSize = batchSize
    }
}

/// How far a run has come in one data set.
struct SourcePosition: Codable, Equatable {
    /// How often the data set was gone through.
    var pass = 0
    /// Batches of this pass that were taken.
    var batch = 0
}

/// Takes batches from a source. A data set that is exhausted starts over in a new order, whatever the others do.
final class SourceReader {
    /// Numbers of the tasks.
    let tasks: Set<Int>
    let loader: BatchLoader
    let validation: BatchLoader?
    let test: BatchLoader?
    private(set) var position = SourcePosition()
    private var batches: BatchStream?

    init(tasks: Set<Int>, loader: BatchLoader, validation: BatchLoader?, test: BatchLoader?) {
        self.tasks = tasks
        self.loader = loader
        self.validation = validation
        self.test = test
    }

    /// Goes on elsewhere: where a run was interrupted.
    func move(to position: SourcePosition) {
        self.position = position
        batches = nil
    }

    /// The batches of a step: so many, or fewer at the end of a pass.
    func next(_ count: Int) throws -> [Batch] {
        let pass = position.pass
        var batches: [Batch] = []
        repeat { batches.append(try next()) } while batches.count < count && position.pass == pass
        return batches
    }

    private func next() throws -> Batch {
        let stream = try batches ?? loader.epoch(position.pass, startingAt: position.batch)
        batches = stream
        guard let batch = try stream.next() else { preconditionFailure("batch \(position.batch) of a pass is missing") }
        position.batch += 1
        if position.batch == loader.batchCount { move(to: SourcePosition(pass: position.pass + 1)) }
        return batch
    }
}
