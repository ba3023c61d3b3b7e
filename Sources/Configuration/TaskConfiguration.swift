import MultiTask
import Networks
import Yams

/// One thing to learn.
public struct TaskConfiguration: Hashable, Sendable {
    /// As the dataset names it.
    public var name: String
    public var loss: Loss
    /// Factor on the loss. Default 1.
    public var weight: Double
    /// Default: the head that all tasks have.
    public var head: HeadConfiguration?
    /// The data that the task learns from. Default: those of the run.
    public var dataset: DatasetConfiguration?
    /// Samples of the task in a step. Default: that of the run.
    public var batchSize: Int?
    /// Factor on the learning rate of the task's head. Default 1.
    public var learningRate: Double
    /// When the task has learnt enough. Default: never.
    public var earlyStopping: EarlyStopping?

    public init(
        name: String, loss: Loss, weight: Double = 1, head: HeadConfiguration? = nil,
        dataset: DatasetConfiguration? = nil, batchSize: Int? = nil, learningRate: Double = 1,
        earlyStopping: EarlyStopping? = nil
    ) {
        self.name = name
        self.loss = loss
        self.weight = weight
        self.head = head
        self.dataset = dataset
        self.batchSize = batchSize
        self.learningRate = learningRate
        self.earlyStopping = earlyStopping
    }

    private init(_ value: ConfigurationValue) throws(ConfigurationError) {
        let values = try value.mapping(
            keys: ["name", "loss", "weight", "head", "dataset", "batchSize", "learningRate", "earlyStopping"])
        let name = try values.required("name", "a task of the dataset")
        self.init(
            name: try name.string("a task of the dataset"),
            loss: try Loss(try values.required("loss", "one of \(Loss.names.joined(separator: ", "))")),
            weight: try values["weight"]?.positive() ?? 1,
            head: try values["head"].map(HeadConfiguration.init),
            dataset: try values["dataset"].map(DatasetConfiguration.init),
            batchSize: try values["batchSize"]?.integer(atLeast: 1, atMost: ExperimentConfiguration.maximumBatchSize),
            learningRate: try values["learningRate"]?.positive() ?? 1,
            earlyStopping: try values["earlyStopping"].map(EarlyStopping.init))
        // The name becomes a part of the parameters' names, in which dots separate the parts.
        if self.name.contains(".") { throw name.unexpected("a name without dots") }
    }

    static func list(_ value: ConfigurationValue) throws(ConfigurationError) -> [TaskConfiguration] {
        let expected = "a list of tasks, such as [{name: topLeft, loss: crossEntropy}]"
        let elements = try value.list(expected)
        if elements.isEmpty { throw value.failure(.unexpected(found: "an empty list", expected: "at least one task")) }
        var tasks: [TaskConfiguration] = []
        for element in elements {
            let task = try TaskConfiguration(element)
            if tasks.contains(where: { $0.name == task.name }) {
                throw element.failure(
                    .unexpected(found: "a second task \"\(task.name)\"", expected: "every task once"))
            }
            tasks.append(task)
        }
        return tasks
    }

    var node: Node {
        var pairs: [(String, Node)] = [("name", .text(name)), ("loss", loss.node), ("weight", .number(weight))]
        if let head { pairs.append(("head", head.node)) }
        if let dataset { pairs.append(("dataset", dataset.node)) }
        if let batchSize { pairs.append(("batchSize", .number(batchSize))) }
        pairs.append(("learningRate", .number(learningRate)))
        if let earlyStopping { pairs.append(("earlyStopping", earlyStopping.node)) }
        return .keys(pairs)
    }

    var task: LearningTask {
        LearningTask(
            name, loss: loss, weight: Float(weight), learningRateFactor: Float(learningRate),
            earlyStopping: earlyStopping)
    }
}

extension Loss {
    private static let options = [
        "bce": ["positiveWeights"],
        "crossEntropy": ["labelSmoothing", "ignoredLabel", "classWeights"],
        "huber": ["delta"],
        "l1": [],
        "mse": [],
    ]

    /// The names of losses in configurations.
    static var names: [String] { options.keys.sorted() }

    init(_ value: ConfigurationValue) throws(ConfigurationError) {
        let (name, options) = try value.choice(of: "loss", options: Loss.options)
        switch name {
        case "bce":
            self = .binaryCrossEntropy(positiveWeights: try options["positiveWeights"].map(Loss.weights))
        case "crossEntropy":
            self = .crossEntropy(
                labelSmoothing: try options["labelSmoothing"]?.fraction() ?? 0,
                ignoredLabel: try options["ignoredLabel"]?.integer() ?? -100,
                classWeights: try options["classWeights"].map(Loss.weights))
        case "huber": self = .huber(delta: try options["delta"]?.positive() ?? 1)
        case "l1": self = .absoluteError
        default: self = .squaredError
        }
    }

    private static func weights(_ value: ConfigurationValue) throws(ConfigurationError) -> [Float] {
        var weights: [Float] = []
        for element in try value.list("a list of numbers of at least 0") {
            weights.append(try element.nonNegative())
        }
        return weights
    }

    var node: Node {
        func weights(_ key: String, _ values: [Float]?) -> [(String, Node)] {
            values.map { [(key, .row($0.map { .number($0) }))] } ?? []
        }
        return switch self {
        case .binaryCrossEntropy(let positiveWeights):
            .keys([("name", .text("bce"))] + weights("positiveWeights", positiveWeights))
        case .crossEntropy(let labelSmoothing, let ignoredLabel, let classWeights):
            .keys(
                [
                    ("name", .text("crossEntropy")), ("labelSmoothing", .number(labelSmoothing)),
                    ("ignoredLabel", .number(ignoredLabel)),
                ] + weights("classWeights", classWeights))
        case .huber(let delta): .keys([("name", .text("huber")), ("delta", .number(delta))])
        case .absoluteError: .keys([("name", .text("l1"))])
        case .squaredError: .keys([("name", .text("mse"))])
        // No task of a configuration has it: `adaptation` adds the task.
        case .domainDiscrepancy: .keys([("name", .text(AdaptationConfiguration.taskLoss))])
        }
    }
}
