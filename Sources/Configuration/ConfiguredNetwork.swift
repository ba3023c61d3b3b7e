import Compute
import Datasets
import MultiTask
import Networks
import Transfer

/// A network with an output per task, as a configuration describes it.
public struct ConfiguredNetwork {
    public let network: any MultiTaskNetwork
    public let tasks: [LearningTask]
    public let arena: ParameterArena
    /// The parameters by depth: an encoder, the trunks, and everything else.
    public let layerGroups: LayerGroups
    /// The scopes of the trunks.
    let trunks: [String]
    /// The trunks, as the architecture has made them: one in hard sharing.
    public let trunkModels: [any Trunk]
    /// Those of every trunk; empty where the trunks have none on their layers.
    public let adapters: [AdapterSet]

    /// Makes the network and draws its initial parameters.
    ///
    /// Parameters of heads are named `heads.TASK.…`, the others as the architecture says, `trunk.…` in hard sharing;
    /// for rows of tables there is also `encoder.…`.
    ///
    /// - Parameters:
    ///   - dataset: gives the shape of the inputs and the targets that the heads must fit.
    ///   - ownDatasets: give the targets of tasks that learn from other data, by the tasks' names.
    ///   - steps: of the run, for what changes as it goes on; nil for a network that is not trained.
    /// - Throws: `TrainingError` where the configuration does not fit the dataset, `ModelError`, and what the device throws.
    public init(
        _ configuration: ExperimentConfiguration, for dataset: any Dataset,
        ownDatasets: [String: any Dataset] = [:], steps: Int? = nil, on device: any Device
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
        let adaptation = configuration.adaptation?.adaptation
        tasks = configuration.tasks.map(\.task) + (adaptation.map { [$0.task] } ?? [])
        let trunks = AdaptedTrunks(configuration.adapters, tasks: tasks.map(\.name))
        let sampleShape = encoder.map { [$0.featureCount] } ?? dataset.inputShape
        let parts = NetworkParts(
            scope: scope, tasks: tasks.map(\.name), sampleShape: sampleShape,
            makeTrunk: { scope in
                try trunks.trunk(in: scope) { scope in
                    try ModelRegistry.trunk(
                        named: configuration.trunk.model, options: configuration.trunk.options,
                        sampleShape: sampleShape, in: scope)
                }
            },
            makeHead: { scope, task, inputs in
                if let adaptation, task == configuration.tasks.count {
                    return adaptation.head(scope, inputs: inputs, steps: steps)
                }
                let task = configuration.tasks[task]
                let targets = ownDatasets[task.name] ?? dataset
                return try ConfiguredNetwork.head(
                    scope, inputs: inputs, outputs: try ConfiguredNetwork.outputs(for: task, in: targets),
                    options: (task.head ?? configuration.heads).options)
            })
        let network =
            try trunks.networkOfTasks(configuration.architecture, from: parts)
            ?? configuration.architecture.network(from: parts)
        self.network = encoder.map { EncodedNetwork(encoder: $0, network: network) } ?? network
        trunkModels = trunks.trunks
        adapters = trunks.adapters
        arena = try ParameterArena(scope, seed: configuration.seed, on: device)
        self.trunks = trunks.roots
        layerGroups = LayerGroups(of: arena, chains: (encoder == nil ? [] : [["encoder"]]) + [trunks.roots])
        try trunks.prepare(arena)
        try freeze(configuration.freeze)
        if let point = configuration.transfer.freezeTo {
            arena.setFrozen(arena.frozen.union(try point.frozen(of: layerGroups)))
        }
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
            case .squaredError, .absoluteError, .huber, .domainDiscrepancy: nil
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
