/// Which layers get adapters, by their paths within the adapted network: `encoder.layer.0.attention.self.query`.
///
/// The rules are those of the Python package `peft` for `target_modules`.
public enum AdapterTargets: Hashable, Sendable {
    /// Every fully connected layer.
    case allLinear
    /// Layers whose whole path matches this regular expression.
    case pattern(String)
    /// Layers whose path is one of these, or ends with a dot and one of these.
    case names([String])

    /// What an adapter can be added to.
    package enum LayerKind { case linear, convolution }

    /// - Throws: ``ModelError/invalidOption(model:option:found:expected:)`` for what can match nothing.
    func validate() throws(ModelError) {
        switch self {
        case .allLinear: return
        case .pattern(let pattern):
            if (try? Regex(pattern)) != nil { return }
            throw .invalidOption(
                model: "adapters", option: "targets", found: "\"\(pattern)\"", expected: "a regular expression")
        case .names(let names):
            if !names.isEmpty && names.allSatisfy({ !$0.isEmpty }) { return }
            throw .invalidOption(
                model: "adapters", option: "targets", found: "\(names)",
                expected: "names of layers, or the ends of their paths")
        }
    }

    package func match(_ path: String, _ kind: LayerKind = .linear) -> Bool {
        switch self {
        case .allLinear: kind == .linear
        case .pattern(let pattern): (try? Regex(pattern).wholeMatch(in: path)) != nil
        case .names(let names): names.contains { path == $0 || path.hasSuffix("." + $0) }
        }
    }
}
