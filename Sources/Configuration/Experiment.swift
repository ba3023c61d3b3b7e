import Checkpoints
import Compute
import Datasets
import MultiTask
import Networks
import Optimizers
import Transfer

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
    /// What was taken from a file of parameters, by trunk; empty without one.
    public let imports: [ImportReport]
    package let step: TrainingStep

    /// - Parameter preprocessing: that of a run that goes on; nil fits one to the training samples of a table.
    /// - Throws: `DatasetError`, `ModelError`, `TrainingError`, `TransferError`, `CheckpointError` or `ComputeError`.
    public init(
        _ configuration: ExperimentConfiguration, on device: any Device, preprocessing: TabularPreprocessing? = nil
    ) throws {
        self.configuration = configuration
        // The data of the run come first; other tables are read as they are.
        var fitted = preprocessing
        let splits = try configuration.readSources { dataset in
            let splits = try dataset.splits(preprocessing: dataset.isFitted ? fitted : nil)
            fitted = fitted ?? splits.preprocessing
            return splits
        }
        let domains = try configuration.adaptation.map {
            try DomainSplits($0, main: splits[configuration.mainSource], preprocessing: fitted)
        }
        let sources = zip(configuration.sources, splits).enumerated().map { number, pair in
            let (source, split) = pair
            if let domains, number == configuration.mainSource {
                return TrainingSource(
                    training: domains.training, validation: domains.validation, test: domains.test,
                    tasks: source.tasks + [AdaptationDataset.domainTask], batchSize: source.batchSize)
            }
            return TrainingSource(
                training: split.training, validation: split.validation ?? split.test,
                test: split.validation == nil ? nil : split.test, tasks: source.tasks, batchSize: source.batchSize)
        }
        let main = splits[configuration.mainSource]
        training = domains?.training ?? main.training
        validation = domains?.validation ?? main.validation
        test = domains?.test ?? main.test
        self.preprocessing = fitted
        let ownDatasets = configuration.datasetsByTask(splits.map(\.training))
        let model = try ConfiguredNetwork(
            configuration, for: training, ownDatasets: ownDatasets,
            steps: configuration.epochs * configuration.stepsPerEpoch(of: sources), on: device)
        self.model = model
        imports = try configuration.trunk.weights.map { path in
            try PretrainedTrunk(
                path: path, isPartial: configuration.trunk.isPartial,
                mapping: .backbone(configuration.trunk.model, withoutHead: true))
                .load(into: model.arena, trunks: model.trunks)
        } ?? []
        let transfer = configuration.transfer
        var network = model.network
        if case .linearProbe(cachesFeatures: true)? = transfer.recipe {
            guard let split = network.split else {
                throw TransferError.noCommonFeatures(architecture: configuration.architecture.name)
            }
            network = HardSharing(trunk: Sequential([]), heads: split.heads)
            self.sources = try sources.map { try $0.cachingFeatures(of: split.body, arena: model.arena) }
        } else {
            self.sources = sources
        }
        step = try TrainingStep(
            network: network, tasks: model.tasks, arena: model.arena,
            optimizer: try Optimizer(configuration.optimizer.rule.rule, for: model.arena),
            method: try configuration.method.method(seed: configuration.seed),
            gradientOptions: configuration.gradients.options, clippingNorm: configuration.clippingNorm, seed: configuration.seed)
        step.lossTerms = try transfer.distillation?.terms(
            for: model, dataset: training, ownDatasets: ownDatasets, preprocessing: fitted)
        if let penalty = transfer.startingPoint {
            step.penalty = try StartingPointPenalty(
                of: model.arena, alpha: penalty.alpha, beta: penalty.beta,
                new: Set(model.layerGroups.groups.last?.parameters ?? []))
        }
        step.average = try transfer.averageDecay.map { decay throws(ComputeError) in
            try WeightAverage(of: model.arena, decay: decay)
        }
    }

    /// The run itself. Every epoch is measured on the validation samples, and the best one on the test split; without
    /// validation samples every epoch on the test split.
    ///
    /// - Parameter folder: where checkpoints go; nil keeps nothing.
    public func trainer(folder: RunFolder?) throws -> Trainer {
        try Trainer(step, sources: sources, settings: try settings(), folder: folder)
    }

    package func settings() throws -> TrainingSettings {
        var settings = configuration.trainingSettings
        let stepsPerEpoch = configuration.stepsPerEpoch(of: sources)
        settings.schedule = configuration.schedule.schedule(
            rate: configuration.optimizer.learningRate, epochs: configuration.epochs, stepsPerEpoch: stepsPerEpoch)
        let transfer = configuration.transfer
        if transfer.recipe != nil || transfer.layerRates != nil {
            settings.phases = try (transfer.recipe ?? .full).phases(
                of: Recipe.Run(
                    groups: model.layerGroups, epochs: configuration.epochs, stepsPerEpoch: stepsPerEpoch,
                    learningRate: configuration.optimizer.learningRate, schedule: settings.schedule,
                    rates: transfer.layerRates))
        }
        return settings
    }
}

extension ExperimentConfiguration {
    /// What a run is asked to do, with a constant rate.
    fileprivate var trainingSettings: TrainingSettings {
        TrainingSettings(
            epochs: epochs, batchSize: batchSize, seed: seed, schedule: .constant(rate: optimizer.learningRate),
            checkpointInterval: checkpointInterval, scheduling: scheduling.scheduling, accumulation: accumulation,
            stopping: stopping)
    }

    /// Steps of an epoch over these data.
    fileprivate func stepsPerEpoch(of sources: [TrainingSource]) -> Int {
        let batches = zip(self.sources, sources).map { ($1.training.count - 1) / $0.batchSize + 1 }
        return trainingSettings.stepsPerEpoch(batches: batches, tasks: tasks.count + (adaptation == nil ? 0 : 1))
    }
}
