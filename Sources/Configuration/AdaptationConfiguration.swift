import Datasets
import Networks
import Transfer
import Yams

/// How features are made alike for the labelled data and unlabelled data of another domain:
/// `{name: dann, target: {name: csv, …}, weight: 0.5}`.
public struct AdaptationConfiguration: Hashable, Sendable {
    /// Where the samples of the target domain come from.
    public enum Target: Hashable, Sendable {
        /// Data of their own, like those of the run. Their labels serve for the test alone.
        case dataset(DatasetConfiguration)
        /// Those samples of the run's data whose label for a task with classes is one of these: names, or numbers as texts.
        case classes([String], task: String)
    }

    /// What stands for the loss of the domain term where one must be written.
    static let taskLoss = "domain"

    public var adaptation: DomainAdaptation
    public var target: Target

    public init(_ adaptation: DomainAdaptation, target: Target) {
        self.adaptation = adaptation
        self.target = target
    }

    init(_ value: ConfigurationValue) throws(ConfigurationError) {
        let common = ["target", "domain", "weight", "asTask"]
        let (name, options) = try value.choice(
            of: "adaptation",
            options: [
                "dann": common + ["hidden", "factor"], "coral": common,
                "mmd": common + ["kernels", "ratio", "bandwidth"],
            ])
        let method: DomainAdaptation.Method
        switch name {
        case "dann":
            var hidden: [Int] = []
            for element in try options["hidden"]?.list("a list of layer sizes, such as [64]") ?? [] {
                hidden.append(try element.integer(atLeast: 1, atMost: 1 << 16))
            }
            method = .adversarial(
                hidden: options["hidden"] == nil ? [64] : hidden, factor: try options["factor"]?.positive() ?? 1)
        case "coral": method = .discrepancy(.correlation)
        default:
            var kernels = DomainDiscrepancy.GaussianKernels()
            kernels.count = try options["kernels"]?.integer(atLeast: 1, atMost: 64) ?? kernels.count
            kernels.ratio = try options["ratio"]?.positive() ?? kernels.ratio
            kernels.bandwidth = try options["bandwidth"]?.positive()
            method = .discrepancy(.gaussianKernels(kernels))
        }
        adaptation = DomainAdaptation(
            method, weight: try options["weight"]?.positive() ?? 1, isTask: try options["asTask"]?.boolean() ?? true)
        switch (options["target"], options["domain"]) {
        case (let dataset?, nil): target = .dataset(try DatasetConfiguration(dataset))
        case (nil, let domain?):
            let values = try domain.mapping(keys: ["task", "target"])
            let task = try values.required("task", "a task of the dataset with classes").string("the name of a task")
            let expected = "a list of classes of the target domain, such as [editorial]"
            var classes: [String] = []
            for element in try values.required("target", expected).list(expected) {
                classes.append(
                    element.node.reads(as: .int)
                        ? String(try element.integer(atLeast: 0, atMost: Int(Int32.max))) : try element.string("a class"))
            }
            if classes.isEmpty { throw domain.unexpected(expected) }
            target = .classes(classes, task: task)
        default: throw value.unexpected("either \"target\", a dataset, or \"domain\", a task whose classes are domains")
        }
    }

    var node: Node {
        var pairs: [(String, Node)]
        switch adaptation.method {
        case .adversarial(let hidden, let factor):
            pairs = [
                ("name", .text("dann")), ("hidden", .row(hidden.map { .number($0) })), ("factor", .number(factor)),
            ]
        case .discrepancy(.correlation): pairs = [("name", .text("coral"))]
        case .discrepancy(.gaussianKernels(let kernels)):
            pairs = [("name", .text("mmd")), ("kernels", .number(kernels.count)), ("ratio", .number(kernels.ratio))]
            if let bandwidth = kernels.bandwidth { pairs.append(("bandwidth", .number(bandwidth))) }
        }
        pairs += [("weight", .number(adaptation.weight)), ("asTask", .boolean(adaptation.isTask))]
        switch target {
        case .dataset(let dataset): pairs.append(("target", dataset.node))
        case .classes(let classes, let task):
            pairs.append(
                ("domain", .keys([("task", .text(task)), ("target", .row(classes.map(Node.text)))])))
        }
        return .keys(pairs)
    }
}
