import MultiTask
import Yams

/// How a step treats the tasks' gradients: `{scope: features, interval: 4, memory: 256, notFinite: skip}`.
public struct GradientsConfiguration: Hashable, Sendable {
    /// Bytes of a mebibyte, the unit of `memory`.
    private static let mebibyte = 1 << 20

    public var options: GradientOptions

    public init(_ options: GradientOptions = GradientOptions()) { self.options = options }

    init(_ value: ConfigurationValue) throws(ConfigurationError) {
        let values = try value.mapping(keys: ["scope", "interval", "memory", "notFinite"])
        options = GradientOptions()
        if let scope = values["scope"] { options.scope = try GradientsConfiguration.scope(scope) }
        options.interval = try values["interval"]?.integer(atLeast: 1) ?? options.interval
        if let memory = values["memory"] {
            options.memory = try memory.integer(atLeast: 1, atMost: 1 << 24) * GradientsConfiguration.mebibyte
        }
        if let policy = values["notFinite"] {
            let name = try policy.name(of: "policy", among: NotFinitePolicy.allCases.map(\.rawValue))
            options.notFinite = NotFinitePolicy(rawValue: name) ?? options.notFinite
        }
    }

    /// A name, or a list of beginnings of parameter names.
    private static func scope(_ value: ConfigurationValue) throws(ConfigurationError) -> GradientScope {
        if case .sequence = value.node {
            let expected = "beginnings of parameter names, such as [trunk.layer1, trunk.layer2]"
            var prefixes: [String] = []
            for element in try value.list(expected) { prefixes.append(try element.string(expected)) }
            return .modules(prefixes)
        }
        switch try value.name(of: "scope", among: ["parameters", "features", "layers"]) {
        case "features": return .features
        case "layers": return .layers
        default: return .parameters
        }
    }

    var node: Node {
        let scope: Node =
            switch options.scope {
            case .parameters: .text("parameters")
            case .features: .text("features")
            case .layers: .text("layers")
            case .modules(let prefixes): .row(prefixes.map(Node.text))
            }
        return .keys([
            ("scope", scope), ("interval", .number(options.interval)),
            ("memory", .number(max(options.memory / GradientsConfiguration.mebibyte, 1))),
            ("notFinite", .text(options.notFinite.rawValue)),
        ])
    }
}
