import MultiTask
import Yams

/// How the tasks' gradients or losses become one direction: `cagrad`, or `{name: cagrad, c: 0.5, reduction: sum}`.
public struct MethodConfiguration: Hashable, Sendable {
    /// One of ``Method/names``.
    public let name: String
    /// By name, with every default written out.
    public let parameters: [String: String]
    /// The order in which the method reads its parameters, which is that of the written configuration.
    private let order: [String]

    /// - Throws: `WeightingError` for unknown names, unknown parameters and values out of range.
    public init(_ name: String, parameters: [String: String] = [:]) throws(WeightingError) {
        let decided = try Method(named: name, parameters: parameters, seed: 0).parameters
        self.name = name
        self.parameters = Dictionary(decided.map { ($0.name, $0.value) }) { $1 }
        order = decided.map(\.name)
    }

    init(_ value: ConfigurationValue) throws(ConfigurationError) {
        let known = Dictionary(Method.names.map { ($0, Method.parameterNames(of: $0)) }) { $1 }
        let (name, options) = try value.choice(of: "method", names: Method.names, options: known)
        var given: [String: String] = [:]
        for parameter in known[name] ?? [] {
            if let value = options[parameter] { given[parameter] = try value.parameterText() }
        }
        do {
            try self.init(name, parameters: given)
        } catch .badParameter(_, let parameter, let found, let expected) {
            throw (options[parameter] ?? value).failure(.unexpected(found: found, expected: expected))
        } catch {
            throw value.failure(.unexpected(found: "\"\(name)\"", expected: "a method: \(error)"))
        }
    }

    var node: Node {
        .keys(
            [("name", .text(name))]
                + order.compactMap { key in
                    parameters[key].flatMap { $0.isEmpty ? nil : (key, Node($0)) }
                })
    }

    /// The method itself.
    ///
    /// - Parameter seed: of the method's random numbers.
    public func method(seed: UInt64) throws(WeightingError) -> Method {
        try Method(named: name, parameters: parameters, seed: seed)
    }
}

extension ConfigurationValue {
    /// A single value, or a list of them, as the text that a method's parameter is read from.
    fileprivate func parameterText() throws(ConfigurationError) -> String {
        let expected = "a single value or a list of numbers"
        switch node {
        case .scalar(let scalar): return scalar.string
        case .sequence:
            var parts: [String] = []
            for element in try list(expected) {
                guard case .scalar(let scalar) = element.node else { throw element.unexpected("a number") }
                parts.append(scalar.string)
            }
            return parts.joined(separator: ",")
        case .mapping, .alias: throw unexpected(expected)
        }
    }
}
