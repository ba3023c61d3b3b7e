import Networks

/// Which gradients a method sees.
public enum GradientScope: Hashable, Sendable {
    /// Those of all shared parameters: exact.
    case parameters
    /// Those of the shared features, the tensors where the tasks' own parts of the network meet, over all samples and
    /// elements. Below them there is one walk for all tasks, with the weighted sum, so a step costs little more than a plain
    /// one. The inner products bound those of the parameters, they do not equal them.
    ///
    /// Source: Sener, Koltun, "Multi-Task Learning as Multi-Objective Optimization", NeurIPS 2018 (MGDA-UB).
    case features
    /// Those of every layer apart: parameters whose names agree up to the last dot have weights of their own.
    case layers
    /// Those of every module apart: parameters whose names start with the same of these texts. The others are one more
    /// module.
    case modules([String])

    /// By number of the parameter, the Gramian that it belongs to.
    func parts(of arena: ParameterArena) -> [Int] {
        switch self {
        case .parameters, .features: return arena.segments.map { _ in 0 }
        case .modules(let prefixes):
            return arena.segments.map { segment in
                prefixes.firstIndex(where: segment.name.hasPrefix) ?? prefixes.count
            }
        case .layers:
            var numbers: [Substring: Int] = [:]
            return arena.segments.map { segment in
                let layer = segment.name.lastIndex(of: ".").map { segment.name[..<$0] } ?? segment.name[...]
                let number = numbers[layer] ?? numbers.count
                numbers[layer] = number
                return number
            }
        }
    }
}

/// What happens to a step with a loss or gradient that is infinite or not a number.
public enum NotFinitePolicy: String, Hashable, Sendable, CaseIterable {
    /// The run ends with ``TrainingError/notFinite(quantity:task:step:value:)``.
    case stop
    /// Nothing is updated, the step is counted and reported, and the run goes on.
    case skip
}

/// How a step treats the tasks' gradients, whatever the method.
public struct GradientOptions: Hashable, Sendable {
    public var scope: GradientScope
    /// Steps from one computation of the weights to the next. In between the last ones are used, in one walk for all tasks.
    public var interval: Int
    /// Bytes for rows of J, see ``TaskGradients/Purpose/gramian(memory:)``.
    public var memory: Int
    public var notFinite: NotFinitePolicy

    public init(
        scope: GradientScope = .parameters, interval: Int = 1, memory: Int = TaskGradients.defaultMemory,
        notFinite: NotFinitePolicy = .stop
    ) {
        self.scope = scope
        self.interval = interval
        self.memory = memory
        self.notFinite = notFinite
    }

    /// - Throws: ``TrainingError/invalidSetting(name:found:expected:)`` for what contradicts itself or the method.
    func check(for method: Method) throws(TrainingError) {
        if interval < 1 {
            throw .invalidSetting(name: "gradients.interval", found: "\(interval)", expected: "at least 1")
        }
        if memory < 1 {
            throw .invalidSetting(name: "gradients.memory", found: "\(memory) bytes", expected: "at least 1")
        }
        let isExact = scope == .parameters
        if case .gramian = method.kind {
            if interval > 1 && !(isExact || scope == .features) {
                throw .invalidSetting(
                    name: "gradients.interval", found: "\(interval)",
                    expected: "1 where layers or modules have weights of their own")
            }
        } else if !isExact || interval > 1 {
            throw .invalidSetting(
                name: isExact ? "gradients.interval" : "gradients.scope", found: isExact ? "\(interval)" : "\(scope)",
                expected: "its default with \"\(method.name)\", whose weights do not follow from inner products alone")
        }
    }
}
