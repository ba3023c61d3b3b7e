import MultiTask

/// One way to train the tasks of a configuration, of those that are compared.
public enum ComparisonVariant: Hashable, Sendable {
    /// A task alone with the same trunk and head: what sharing is measured against.
    case singleTask(String)
    /// All tasks by a method.
    case method(MethodConfiguration)

    /// The variants of a comparison: every task alone, then the methods.
    ///
    /// - Parameter names: of methods; the one that the configuration names has its parameters, the others their defaults.
    ///   Empty takes the configuration's alone.
    /// - Throws: `WeightingError` for unknown names, `TrainingError` where there is nothing to compare.
    public static func all(
        of configuration: ExperimentConfiguration, methods names: [String]
    ) throws -> [ComparisonVariant] {
        guard configuration.tasks.count > 1 else {
            throw TrainingError.invalidSetting(
                name: "the number of tasks", found: "\(configuration.tasks.count)", expected: "at least 2 to compare")
        }
        if let repeated = names.first(where: { name in names.count { $0 == name } > 1 }) {
            throw TrainingError.invalidSetting(
                name: "methods", found: "\"\(repeated)\" twice", expected: "every method once")
        }
        let methods =
            names.isEmpty
            ? [configuration.method]
            : try names.map { $0 == configuration.method.name ? configuration.method : try MethodConfiguration($0) }
        return configuration.tasks.map { .singleTask($0.name) } + methods.map { .method($0) }
    }

    /// Unique within a comparison.
    public var name: String {
        switch self {
        case .singleTask(let task): "single-\(task)"
        case .method(let method): method.name
        }
    }

    /// What the variant trains.
    ///
    /// - Parameters:
    ///   - configuration: everything that the variants share. The options `gradients.scope` and `gradients.interval` are
    ///     for methods that see inner products only, and apply to those.
    ///   - seed: of initial parameters, sample order, dropout and the method.
    public func configuration(
        from configuration: ExperimentConfiguration, seed: UInt64
    ) throws(WeightingError) -> ExperimentConfiguration {
        var result = configuration
        result.seed = seed
        switch self {
        case .singleTask(let task):
            let others = configuration.tasks.map(\.name).filter { $0 != task }
            result.tasks.removeAll { $0.name != task }
            result.architecture = .hardSharing
            result.method = try MethodConfiguration("ew")
            // Heads that are not there cannot be frozen.
            result.freeze.removeAll { prefix in others.contains { "\(prefix).".hasPrefix("heads.\($0).") } }
        case .method(let method): result.method = method
        }
        if case .gramian = try result.method.method(seed: seed).kind { return result }
        result.gradients.options.scope = .parameters
        result.gradients.options.interval = 1
        return result
    }
}
