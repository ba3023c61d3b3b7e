import Compute
import Datasets
import MultiTask
import Networks
import Optimizers

/// A network with an output per task, as a configuration describes it.
public struct ConfiguredNetwork {
    public let network: any MultiTaskNetwork
    public let tasks: [LearningTask]
    public let arena: ParameterArena

    /// Makes the network and draws its initial parameters.
    ///
    /// Parameters of heads are named `heads.TASK.…`, the others as the architecture says, `trunk.…` in hard sharing;
    /// for rows of tables there is also `encoder.…`.
    ///
    /// - Parameters:
    ///   - dataset: gives the shape of the inputs and the targets that the heads must fit.
    ///   - ownDatasets: give the targets of tasks that learn from other data, by the tasks' names.
    /// - Throws: `TrainingError` where the configuration does not fit the dataset, `ModelError`, and what the device throws.
    public init(
        _ configuration: ExperimentConfiguration, for dataset: any Dataset,
        ownDatasets: [String: any Dataset] = [:], on device: any Device
    ) throws {
        for (task, own) in ownDatasets.sorted(by: { $0.key < $1.key }) where own.inputShape != dataset.inputShape {
            throw TrainingError.invalidSetting(
                name: "the input shape of the dataset of task \"\(task)\"", found: "\(own.inputShape)",
                expected: "\(dataset.inputShape), for all tasks share one trunk")
        }
        let scope = ParameterScope()
        let encoder = dataset.tabularLayout.map { layout in
            TabularEncoder(
                scope["encoder"], categories: layout.categories, vocabulary: layout.vocabulary, numbers: layout.numbers,
                width: configuration.encoder.width)
        }
        let sampleShape = encoder.map { [$0.featureCount] } ?? dataset.inputShape
        let parts = NetworkParts(
            scope: scope, tasks: configuration.tasks.map(\.name), sampleShape: sampleShape,
            makeTrunk: { scope in
                try ModelRegistry.trunk(
                    named: configuration.trunk.model, options: configuration.trunk.options,
                    sampleShape: sampleShape, in: scope)
            },
            makeHead: { scope, task, inputs in
                let task = configuration.tasks[task]
                let targets = ownDatasets[task.name] ?? dataset
                return try ConfiguredNetwork.head(
                    scope, inputs: inputs, outputs: try ConfiguredNetwork.outputs(for: task, in: targets),
                    options: (task.head ?? configuration.heads).options)
            })
        let network = try configuration.architecture.network(from: parts)
        self.network = encoder.map { EncodedNetwork(encoder: $0, network: network) } ?? network
        tasks = configuration.tasks.map(\.task)
        arena = try ParameterArena(scope, seed: configuration.seed, on: device)
        try freeze(configuration.freeze)
    }

    private static func head(
        _ scope: ParameterScope, inputs: Int, outputs: Int, options: ModelOptions
    ) throws(ModelError) -> any Layer {
        guard let activation = ActivationLayer(named: options.activation) else {
            throw ModelError.unknownActivation(name: options.activation, known: ActivationLayer.names)
        }
        return MLP(
            scope, inputs: inputs, hidden: options.hidden, outputs: outputs, activation: activation,
            dropout: options.dropout)
    }

    /// Number of outputs that a task's targets call for.
    private static func outputs(for task: TaskConfiguration, in dataset: any Dataset) throws -> Int {
        guard let target = dataset.tasks.first(where: { $0.name == task.name }) else {
            throw TrainingError.missingTargets(task: [task.name], known: dataset.tasks.map(\.name))
        }
        let outputs =
            switch target.kind {
            case .classes(let count, _): count
            case .regression(let columns): columns
            }
        let weights: [Float]? =
            switch task.loss {
            case .crossEntropy(_, _, let classWeights): classWeights
            case .binaryCrossEntropy(let positiveWeights): positiveWeights
            case .squaredError, .absoluteError, .huber: nil
            }
        if let weights, weights.count != outputs {
            throw TrainingError.invalidSetting(
                name: "the number of weights in the loss of task \"\(task.name)\"", found: "\(weights.count)",
                expected: "\(outputs), one per output")
        }
        return outputs
    }

    private func freeze(_ prefixes: [String]) throws {
        for prefix in prefixes where !arena.segments.contains(where: { $0.name.hasPrefix(prefix) }) {
            throw TrainingError.invalidSetting(
                name: "freeze", found: "\"\(prefix)\"",
                expected: "how a parameter's name begins: \(arena.segments.map(\.name).joined(separator: ", "))")
        }
        arena.freeze(prefixes: prefixes)
        if arena.trainableRanges.isEmpty {
            throw TrainingError.invalidSetting(
                name: "freeze", found: "\(prefixes)", expected: "prefixes that leave a parameter to train")
        }
    }
}

/// Everything that a training run consists of, put together from a configuration.
public struct Experiment {
    public let configuration: ExperimentConfiguration
    public let training: any Dataset
    /// What the best epoch is chosen by; nil leaves that to the test split.
    public let validation: (any Dataset)?
    public let test: any Dataset
    /// For tables: how rows become inputs.
    public let preprocessing: TabularPreprocessing?
    /// The data sets of all tasks.
    public let sources: [TrainingSource]
    public let model: ConfiguredNetwork
    private let step: TrainingStep

    /// - Parameter preprocessing: that of a run that goes on; nil fits one to the training samples of a table.
    /// - Throws: `DatasetError`, `ModelError`, `TrainingError` or `ComputeError`.
    public init(
        _ configuration: ExperimentConfiguration, on device: any Device, preprocessing: TabularPreprocessing? = nil
    ) throws {
        self.configuration = configuration
        // The data of the run come first; other tables are read as they are.
        var fitted = preprocessing
        let splits = try configuration.readSources { dataset in
            let splits = try dataset.splits(preprocessing: dataset.isTabular ? fitted : nil)
            fitted = fitted ?? splits.preprocessing
            return splits
        }
        sources = zip(configuration.sources, splits).map { source, split in
            TrainingSource(
                training: split.training, validation: split.validation ?? split.test,
                test: split.validation == nil ? nil : split.test, tasks: source.tasks, batchSize: source.batchSize)
        }
        let main = splits[configuration.mainSource]
        training = main.training
        validation = main.validation
        test = main.test
        self.preprocessing = fitted
        model = try ConfiguredNetwork(
            configuration, for: training, ownDatasets: configuration.datasetsByTask(splits.map(\.training)), on: device)
        step = try TrainingStep(
            network: model.network, tasks: model.tasks, arena: model.arena,
            optimizer: try Optimizer(configuration.optimizer.rule.rule, for: model.arena),
            method: try configuration.method.method(seed: configuration.seed),
            gradientOptions: configuration.gradients.options, clippingNorm: configuration.clippingNorm, seed: configuration.seed)
    }

    /// The run itself. Every epoch is measured on the validation samples, and the best one on the test split; without
    /// validation samples every epoch on the test split.
    ///
    /// - Parameter folder: where checkpoints go; nil keeps nothing.
    public func trainer(folder: RunFolder?) throws -> Trainer {
        let scheduling = configuration.scheduling.scheduling
        let batches = zip(configuration.sources, sources).map { ($1.training.count - 1) / $0.batchSize + 1 }
        let stepsPerEpoch = scheduling.stepsPerEpoch(batches: batches, tasks: configuration.tasks.count)
        let schedule = configuration.schedule.schedule(
            rate: configuration.optimizer.learningRate, epochs: configuration.epochs, stepsPerEpoch: stepsPerEpoch)
        return try Trainer(
            step, sources: sources,
            settings: TrainingSettings(
                epochs: configuration.epochs, batchSize: configuration.batchSize, seed: configuration.seed,
                schedule: schedule, checkpointInterval: configuration.checkpointInterval, scheduling: scheduling),
            folder: folder)
    }
}
