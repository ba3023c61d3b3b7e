import MultiTask
import Yams

extension RunStopping {
    /// Reads `{patience: 5, metric: mean, minDelta: 0}` or, with `metric: relative`, also
    /// `baseline: {TASK: {accuracy: 0.9}}`.
    ///
    /// - Parameter tasks: the names of the run's tasks.
    init(_ value: ConfigurationValue, tasks: [String]) throws(ConfigurationError) {
        let values = try value.mapping(keys: ["patience", "metric", "minDelta", "baseline"])
        let metric = try values["metric"]?.name(of: "metric", among: ["mean", "relative"]) ?? "mean"
        var measure = Measure.mean
        if metric == "relative" {
            let expected = "metrics of networks with one task each, such as {topLeft: {accuracy: 0.9}}"
            let given = try values.required("baseline", expected).mapping(keys: tasks)
            var baseline: TaskMetrics = [:]
            for task in tasks {
                let metrics = try given.required(task, expected).mapping(keys: EarlyStopping.metrics)
                for name in EarlyStopping.metrics {
                    if let number = metrics[name] { baseline[task, default: [:]][name] = try number.positive() }
                }
            }
            measure = .relativePerformance(baseline: baseline)
        } else if let baseline = values["baseline"] {
            throw baseline.failure(.unexpected(found: "a baseline", expected: "it with metric: relative only"))
        }
        self.init(
            measure,
            patience: try values.required("patience", "a number of epochs, at least 1")
                .integer(atLeast: 1, atMost: ScheduleConfiguration.maximumEpochs),
            minDelta: try values["minDelta"]?.nonNegative() ?? 0)
    }

    var node: Node {
        var pairs: [(String, Node)] = [("patience", .number(patience))]
        switch measure {
        case .mean: pairs.append(("metric", .text("mean")))
        case .relativePerformance(let baseline):
            let tasks = baseline.sorted { $0.key < $1.key }.map { task, metrics in
                (task, Node.keys(metrics.sorted { $0.key < $1.key }.map { ($0.key, .number($0.value)) }))
            }
            pairs += [("metric", .text("relative")), ("baseline", .keys(tasks))]
        }
        return .keys(pairs + [("minDelta", .number(minDelta))])
    }
}
