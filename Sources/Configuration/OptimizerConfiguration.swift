import Optimizers
import Yams

/// How the parameters follow the gradients.
public struct OptimizerConfiguration: Hashable, Sendable {
    public enum Rule: Hashable, Sendable {
        case sgd(SGD)
        case adam(Adam)
        case adamW(AdamW)

        var rule: any OptimizerRule {
            switch self {
            case .sgd(let rule): rule
            case .adam(let rule): rule
            case .adamW(let rule): rule
            }
        }
    }

    public var rule: Rule
    /// The rate from which the schedule is derived: its highest one.
    public var learningRate: Double

    public init(_ rule: Rule, learningRate: Double) {
        self.rule = rule
        self.learningRate = learningRate
    }

    init(_ value: ConfigurationValue) throws(ConfigurationError) {
        let moments = ["learningRate", "beta1", "beta2", "epsilon", "weightDecay"]
        let (name, options) = try value.choice(
            of: "optimizer",
            options: [
                "adam": moments, "adamw": moments, "sgd": ["learningRate", "momentum", "nesterov", "weightDecay"],
            ])
        learningRate = try options.required("learningRate", "a number above 0").positive()
        switch name {
        case "sgd": rule = .sgd(try SGD(options))
        case "adamw":
            let adam = try Adam(options, standardWeightDecay: AdamW().weightDecay)
            rule = .adamW(
                AdamW(
                    beta1: adam.beta1, beta2: adam.beta2, epsilon: adam.epsilon, weightDecay: adam.weightDecay))
        default: rule = .adam(try Adam(options, standardWeightDecay: Adam().weightDecay))
        }
    }

    var node: Node {
        func moments(
            _ name: String, _ beta1: Float, _ beta2: Float, _ epsilon: Float, _ weightDecay: Float
        ) -> [(String, Node)] {
            [
                ("name", .text(name)), ("learningRate", .number(learningRate)), ("beta1", .number(beta1)),
                ("beta2", .number(beta2)), ("epsilon", .number(epsilon)), ("weightDecay", .number(weightDecay)),
            ]
        }
        return switch rule {
        case .sgd(let sgd):
            .keys([
                ("name", .text("sgd")), ("learningRate", .number(learningRate)), ("momentum", .number(sgd.momentum)),
                ("nesterov", .boolean(sgd.nesterov)), ("weightDecay", .number(sgd.weightDecay)),
            ])
        case .adam(let adam): .keys(moments("adam", adam.beta1, adam.beta2, adam.epsilon, adam.weightDecay))
        case .adamW(let adam): .keys(moments("adamw", adam.beta1, adam.beta2, adam.epsilon, adam.weightDecay))
        }
    }
}

extension SGD {
    fileprivate init(_ options: ConfigurationMapping) throws(ConfigurationError) {
        let momentum: Float = try options["momentum"]?.fraction() ?? 0
        let nesterov = try options["nesterov"]?.boolean() ?? false
        if nesterov && momentum == 0, let value = options["nesterov"] {
            throw value.failure(.unexpected(found: "true", expected: "a momentum above 0 with it"))
        }
        self.init(
            momentum: momentum, nesterov: nesterov, weightDecay: try options["weightDecay"]?.nonNegative() ?? 0)
    }
}

extension Adam {
    fileprivate init(_ options: ConfigurationMapping, standardWeightDecay: Float) throws(ConfigurationError) {
        let standard = Adam()
        self.init(
            beta1: try options["beta1"]?.fraction() ?? standard.beta1,
            beta2: try options["beta2"]?.fraction() ?? standard.beta2,
            epsilon: try options["epsilon"]?.positive() ?? standard.epsilon,
            weightDecay: try options["weightDecay"]?.nonNegative() ?? standardWeightDecay)
    }
}
