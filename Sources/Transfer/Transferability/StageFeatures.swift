import Compute
import Datasets
import MultiTask
import Networks
import Tensors

/// What the stages of a trunk make of the samples of a dataset, to be scored: of images the mean over their pixels.
public struct StageFeatures {
    /// A stage with its features, samples one after the other.
    public struct Stage {
        /// Counted from 0; the last entry may be the readout, where a trunk has one.
        public let name: String
        public let columns: Int
        public fileprivate(set) var features: [Float]
    }

    public private(set) var stages: [Stage] = []
    /// The labels and numbers of the tasks, by name; those with a mask that leaves samples out are missing.
    public private(set) var targets: [String: HostTensor.Storage] = [:]
    public private(set) var rows = 0

    /// Runs a trunk in evaluation mode over a dataset.
    ///
    /// - Parameters:
    ///   - encoder: in front of the trunk, for rows of tables.
    ///   - samples: at most so many, from the beginning.
    public init(
        of trunk: any Trunk, encoder: (any Layer)? = nil, arena: ParameterArena, on dataset: any Dataset, samples: Int
    ) throws {
        rows = min(samples, dataset.count)
        let context = ForwardContext(arena, mode: .evaluation)
        var incomplete: Set<String> = []
        for start in stride(from: 0, to: rows, by: 256) {
            let batch = try dataset.batch(of: Array(start..<min(start + 256, rows)))
            var features = try Tensor(batch.inputs, on: arena.device)
            if let encoder { features = try encoder(features, in: context) }
            for (number, stage) in trunk.stages.enumerated() {
                features = try stage(features, in: context)
                try append(features, named: "\(number)", at: number)
            }
            try append(try trunk.readout(features, in: context), named: "features", at: trunk.stages.count)
            for (task, values) in batch.targets {
                if batch.masks[task]?.floats?.contains(0) == true { incomplete.insert(task) }
                switch (targets[task], values.storage) {
                case (nil, let storage): targets[task] = storage
                case (.float(let a)?, .float(let b)): targets[task] = .float(a + b)
                case (.int(let a)?, .int(let b)): targets[task] = .int(a + b)
                default: incomplete.insert(task)
                }
            }
        }
        for task in incomplete { targets[task] = nil }
        // A trunk without a readout gives the features of its last stage once more.
        if stages.count > 1, stages[stages.count - 1].features == stages[stages.count - 2].features { stages.removeLast() }
    }

    private mutating func append(_ output: Tensor, named name: String, at position: Int) throws {
        var vectors = output
        if output.shape.rank > 2 {
            vectors = try output.mean(axes: Array(1..<output.shape.rank - 1))
        }
        if position == stages.count {
            stages.append(Stage(name: name, columns: vectors.count / max(output.shape[0], 1), features: []))
        }
        stages[position].features += try vectors.floats()
    }

    /// How well a stage predicts a task.
    public struct Score: Hashable, Sendable {
        public let stage: String
        public let columns: Int
        public let task: String
        public let logME: Double
    }

    /// The scores of all stages, by task, highest first.
    public func scores() -> [Score] {
        var scores: [Score] = []
        for stage in stages {
            let method = LogME(features: stage.features, rows: rows)
            for (task, values) in targets {
                let value =
                    switch values {
                    case .int(let labels): method.score(labels: labels)
                    case .float(let numbers): method.score(values: numbers)
                    }
                scores.append(Score(stage: stage.name, columns: stage.columns, task: task, logME: value))
            }
        }
        return scores.sorted { ($0.task, -$0.logME, $0.stage) < ($1.task, -$1.logME, $1.stage) }
    }
}
