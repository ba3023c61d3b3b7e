import Datasets
import Foundation
import MultiTask
import Yams

/// Everything that decides what a training run does: the content of a configuration file.
///
/// ```yaml
/// dataset: multi-fashion
/// trunk: {model: lenet}
/// heads: {hidden: [50]}
/// tasks:
///   - {name: topLeft, loss: crossEntropy}
///   - {name: bottomRight, loss: crossEntropy}
/// method: pcgrad
/// optimizer: {name: adam, learningRate: 1.0e-3}
/// epochs: 8
/// batchSize: 256
/// ```
/// Reading is strict: a key that is not known, a value of another type or out of range is a ``ConfigurationError`` that
/// says where, and what was expected.
public struct ExperimentConfiguration: Hashable, Sendable {
    public var dataset: DatasetConfiguration
    /// In front of the trunk, for datasets of tables only.
    public var encoder: EncoderConfiguration
    /// How the tasks share the network. Default: hard sharing.
    public var architecture: Architecture
    /// The part between inputs and heads, of which some architectures make several.
    public var trunk: TrunkConfiguration
    /// The head of every task that has none of its own. Default: one linear layer.
    public var heads: HeadConfiguration
    public var tasks: [TaskConfiguration]
    /// How the tasks' gradients become one. Default: `ew`, the sum of the losses.
    public var method: MethodConfiguration
    public var optimizer: OptimizerConfiguration
    /// Default: constant.
    public var schedule: ScheduleConfiguration
    /// Which tasks take part in which step. Default: `joint`, all of them.
    public var scheduling: SchedulingConfiguration
    public var epochs: Int
    public var batchSize: Int
    /// Draws initial parameters, the order of the samples, dropout masks and what the method leaves to chance. Default 0.
    public var seed: UInt64
    /// `auto`, `cpu`, `opencl` or `opencl:N`. Default: `auto`.
    public var device: String
    /// The largest norm of the gradients over all parameters. Default: not clipped.
    public var clippingNorm: Float?
    /// Which gradients the method sees, how often, and what happens to bad ones.
    public var gradients: GradientsConfiguration
    /// Steps between checkpoints inside an epoch. Default: only at the end of epochs.
    public var checkpointInterval: Int?
    /// How the names of parameters begin that are not trained. Default: none.
    public var freeze: [String]
    public var metrics: MetricsConfiguration
    /// Batches whose gradients a step adds up. Default 1.
    public var accumulation: Int
    /// When the run ends early. Default: never.
    public var stopping: RunStopping?
    public var transfer: TransferConfiguration
    /// What trains in the trunk, which stands still otherwise. Default: all of the trunk trains.
    public var adapters: AdaptersConfiguration?
    /// Makes the trunk's features alike for another domain without labels. Default: no other domain.
    public var adaptation: AdaptationConfiguration?

    private static let keys = [
        "dataset", "encoder", "architecture", "trunk", "heads", "tasks", "method", "optimizer", "schedule", "scheduling",
        "epochs", "batchSize", "seed", "device", "clippingNorm", "gradients", "checkpointInterval", "freeze", "metrics",
        "accumulate", "earlyStopping", "adapters", "adaptation",
    ] + TransferConfiguration.keys

    static let maximumBatchSize = 1 << 20

    /// Reads a configuration file.
    ///
    /// - Parameter overrides: replace values of the file, the later ones winning.
    public init(contentsOf path: String, overrides: [ConfigurationOverride] = []) throws(ConfigurationError) {
        try self.init(yaml: try ConfigurationDocument.text(of: path), source: path, overrides: overrides)
    }

    /// Reads a configuration.
    ///
    /// - Parameter source: the name of the text in messages.
    public init(
        yaml: String, source: String, overrides: [ConfigurationOverride] = []
    ) throws(ConfigurationError) {
        let root = try ConfigurationDocument.root(yaml: yaml, source: source, overrides: overrides)
        let values = try root.mapping(keys: ExperimentConfiguration.keys)
        architecture = try values["architecture"].map(Architecture.init) ?? .hardSharing
        trunk = try TrunkConfiguration(try values.required("trunk", "a model, such as {model: lenet}"))
        let heads = try values["heads"].map(HeadConfiguration.init) ?? HeadConfiguration()
        self.heads = heads
        tasks = try TaskConfiguration.list(
            try values.required("tasks", "a list such as [{name: topLeft, loss: crossEntropy}]"))
        dataset = try ExperimentConfiguration.dataset(values, tasks: tasks)
        encoder = try values["encoder"].map(EncoderConfiguration.init) ?? EncoderConfiguration()
        if let value = values["encoder"], !dataset.isTabular {
            throw value.failure(.unexpected(found: "an encoder", expected: "it with datasets of tables only"))
        }
        method = try MethodConfiguration(
            values["method"] ?? ConfigurationValue(node: .text("ew"), path: "method", document: root.document))
        optimizer = try OptimizerConfiguration(
            try values.required("optimizer", "such as {name: adam, learningRate: 1.0e-3}"))
        schedule = try values["schedule"].map(ScheduleConfiguration.init) ?? ScheduleConfiguration(.constant)
        let names = tasks.map(\.name)
        scheduling =
            try values["scheduling"].map { value throws(ConfigurationError) in
                try SchedulingConfiguration(value, tasks: names)
            } ?? SchedulingConfiguration()
        epochs = try values.required("epochs", "an integer of at least 1")
            .integer(atLeast: 1, atMost: ScheduleConfiguration.maximumEpochs)
        batchSize = try values.required("batchSize", "an integer of at least 1")
            .integer(atLeast: 1, atMost: ExperimentConfiguration.maximumBatchSize)
        seed = UInt64(try values["seed"]?.integer(atLeast: 0) ?? 0)
        device = try values["device"]?.string("auto, cpu, opencl or opencl:N") ?? "auto"
        clippingNorm = try values["clippingNorm"]?.positive()
        gradients = try values["gradients"].map(GradientsConfiguration.init) ?? GradientsConfiguration()
        checkpointInterval = try values["checkpointInterval"]?.integer(atLeast: 1)
        freeze = try values["freeze"].map(ExperimentConfiguration.prefixes) ?? []
        metrics = try values["metrics"].map(MetricsConfiguration.init) ?? MetricsConfiguration()
        accumulation = try values["accumulate"]?.integer(atLeast: 1, atMost: 1 << 20) ?? 1
        stopping = try values["earlyStopping"].map { value throws(ConfigurationError) in
            try RunStopping(value, tasks: names)
        }
        transfer = try TransferConfiguration(values, tasks: names)
        adapters = try values["adapters"].map(AdaptersConfiguration.init)
        adaptation = try values["adaptation"].map(AdaptationConfiguration.init)
        try checkAdaptation(values["adaptation"])
    }

    /// The data of the tasks that have none of their own. Where all have, those of the first.
    private static func dataset(
        _ values: ConfigurationMapping, tasks: [TaskConfiguration]
    ) throws(ConfigurationError) -> DatasetConfiguration {
        let own = tasks.compactMap(\.dataset)
        guard let first = own.first, own.count == tasks.count else {
            return try DatasetConfiguration(
                try values.required("dataset", "one of \(DatasetConfiguration.names.joined(separator: ", "))"))
        }
        guard let value = values["dataset"] else { return first }
        let dataset = try DatasetConfiguration(value)
        if own.contains(dataset) { return dataset }
        throw value.failure(
            .unexpected(
                found: "a dataset although every task has one of its own", expected: "a task that learns from it"))
    }

    /// What the domain term needs of the rest.
    private func checkAdaptation(_ value: ConfigurationValue?) throws(ConfigurationError) {
        guard let value, let adaptation else { return }
        if architecture != .hardSharing {
            throw value.failure(
                .unexpected(
                    found: "the architecture \"\(architecture.name)\"",
                    expected: "hard-sharing, where all tasks have the same features"))
        }
        if tasks.contains(where: { $0.name == AdaptationDataset.domainTask }) {
            throw value.failure(
                .unexpected(found: "a task \"domain\"", expected: "another name, for that is the domain term's"))
        }
        if case .dataset(let target) = adaptation.target, target.isTabular != dataset.isTabular {
            throw value.failure(.unexpected(found: "a dataset of another kind", expected: "a target like \(dataset.name)"))
        }
    }

    private static func prefixes(_ value: ConfigurationValue) throws(ConfigurationError) -> [String] {
        var prefixes: [String] = []
        for element in try value.list("a list of beginnings of parameter names, such as [trunk]") {
            prefixes.append(try element.string("the beginning of a parameter's name"))
        }
        return prefixes
    }

    /// The configuration with every default written out; reading it gives an equal one.
    public func yaml() throws -> String {
        var pairs: [(String, Node)] = [
            ("dataset", dataset.node), ("architecture", architecture.node), ("trunk", trunk.node),
            ("heads", heads.node),
            ("tasks", Node(tasks.map(\.node))), ("method", method.node), ("optimizer", optimizer.node),
            ("schedule", schedule.node), ("scheduling", scheduling.node), ("epochs", .number(epochs)),
            ("batchSize", .number(batchSize)), ("seed", .number(seed)), ("device", .text(device)),
        ]
        if transfer.recipe?.hasOwnSchedule ?? false { pairs.removeAll { $0.0 == "schedule" } }
        if dataset.isTabular { pairs.insert(("encoder", encoder.node), at: 1) }
        if let clippingNorm { pairs.append(("clippingNorm", .number(clippingNorm))) }
        pairs.append(("gradients", gradients.node))
        if let checkpointInterval { pairs.append(("checkpointInterval", .number(checkpointInterval))) }
        if !freeze.isEmpty { pairs.append(("freeze", .row(freeze.map(Node.text)))) }
        pairs.append(("metrics", metrics.node))
        if accumulation > 1 { pairs.append(("accumulate", .number(accumulation))) }
        if let stopping { pairs.append(("earlyStopping", stopping.node)) }
        pairs += transfer.pairs
        if let adapters { pairs.append(("adapters", adapters.node)) }
        if let adaptation { pairs.append(("adaptation", adaptation.node)) }
        return try Yams.serialize(node: .keys(pairs), width: -1, allowUnicode: true)
    }
}

/// What goes into the metrics log.
public struct MetricsConfiguration: Hashable, Sendable {
    /// Steps from one line about a step to the next. Default: 1, every step.
    public var interval: Int

    public init(interval: Int = 1) { self.interval = interval }

    init(_ value: ConfigurationValue) throws(ConfigurationError) {
        let values = try value.mapping(keys: ["interval"])
        interval = try values["interval"]?.integer(atLeast: 1) ?? 1
    }

    var node: Node { .keys([("interval", .number(interval))]) }
}
