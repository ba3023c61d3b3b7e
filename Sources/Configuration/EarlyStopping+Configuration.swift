import MultiTask
import Yams

extension EarlyStopping {
    /// Reads the patience alone, or `{patience: 5, minDelta: 0, metric: loss, action: freeze, restoreBest: false}`.
    init(_ value: ConfigurationValue) throws(ConfigurationError) {
        let epochs = 1...ScheduleConfiguration.maximumEpochs
        guard case .mapping = value.node else {
            self.init(patience: try value.integer(atLeast: epochs.lowerBound, atMost: epochs.upperBound))
            return
        }
        let values = try value.mapping(keys: ["patience", "minDelta", "metric", "action", "restoreBest"])
        let action = try values["action"]?.name(of: "action", among: Action.allCases.map(\.rawValue))
        self.init(
            patience: try values.required("patience", "a number of epochs, at least 1")
                .integer(atLeast: epochs.lowerBound, atMost: epochs.upperBound),
            minDelta: try values["minDelta"]?.nonNegative() ?? 0,
            metric: try values["metric"]?.name(of: "metric", among: EarlyStopping.metrics) ?? "loss",
            action: action.flatMap(Action.init) ?? .freeze,
            restoresBest: try values["restoreBest"]?.boolean() ?? false)
        if restoresBest && self.action == .monitor, let value = values["restoreBest"] {
            throw value.failure(.unexpected(found: "true", expected: "it with the action freeze only"))
        }
    }

    var node: Node {
        .keys([
            ("patience", .number(patience)), ("minDelta", .number(minDelta)), ("metric", .text(metric)),
            ("action", .text(action.rawValue)), ("restoreBest", .boolean(restoresBest)),
        ])
    }
}
