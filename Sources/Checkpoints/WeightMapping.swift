import Networks
import Tensors

/// Says which of a foreign file's tensors go where in a network, and in which layout.
///
/// A table of rules, the first that fits counts:
///
/// ```swift
/// let mapping = WeightMapping(
///     [
///         .rule("encoder.layer.*.output.dense.weight", "layers.*.output.weight", .linear),
///         .rule("encoder.layer.*.output.dense.bias", "layers.*.output.bias"),
///         .rule("conv1.weight", "stem.convolution.weight", .convolution),
///     ],
///     ignoring: ["pooler.**", "**.num_batches_tracked"])
/// let report = try mapping.apply(TensorArchives.open(path), to: arena, under: "trunk")
/// ```
///
/// In patterns `*` stands for one part of a name between dots, `**` for any text. In the new name they stand for the same
/// text again, in their order.
public struct WeightMapping: Sendable {
    /// Where tensors of some names go.
    public struct Rule: Sendable {
        let pattern: NamePattern
        let name: String
        let transform: WeightTransform

        /// - Parameters:
        ///   - pattern: names in the file.
        ///   - name: the name in the network, below the scope that ``WeightMapping/apply(_:to:under:keeping:allowing:)``
        ///     is given.
        /// - Precondition: the name has no more wildcards than the pattern.
        public static func rule(_ pattern: String, _ name: String, _ transform: WeightTransform = .same) -> Rule {
            let compiled = NamePattern(pattern)
            precondition(
                NamePattern(name).wildcards <= compiled.wildcards,
                "WeightMapping: \"\(name)\" has more wildcards than \"\(pattern)\"")
            return Rule(pattern: compiled, name: name, transform: transform)
        }
    }

    /// What may be amiss with an import that is made nevertheless.
    public struct Allowance: OptionSet, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }

        /// Tensors of the network that the file lacks keep their values.
        public static let missing = Allowance(rawValue: 1)
        /// Tensors of the file that no rule names, or that the network lacks, are left aside.
        public static let leftOver = Allowance(rawValue: 2)
        /// Tensors of another shape than the network's are left aside.
        public static let otherShape = Allowance(rawValue: 4)
    }

    public let rules: [Rule]
    private let ignored: [NamePattern]

    /// - Parameter ignored: names in the file that are known to be of no use.
    public init(_ rules: [Rule], ignoring ignored: [String] = []) {
        self.rules = rules
        self.ignored = ignored.map(NamePattern.init)
    }

    /// The same names and layouts: for files that Concord wrote, and tables of differences.
    public static let identity = WeightMapping([.rule("**", "**")])

    /// Copies a file's tensors into a network.
    ///
    /// Everything is compared and read before anything changes: where this throws, the network is as it was.
    ///
    /// - Parameters:
    ///   - scope: what the names of the rules are below, as in `trunk`; tensors elsewhere are not expected in the file.
    ///   - kept: names (patterns) below the scope that the file need not hold, such as new heads.
    ///   - allowance: what may be amiss.
    /// - Returns: what was used and what was not.
    /// - Throws: ``CheckpointError/incompleteImport(path:report:)`` where something is amiss that is not allowed, what is
    ///   wrong with the file, or what the device throws.
    @discardableResult
    public func apply(
        _ archive: some TensorArchive, to arena: ParameterArena, under scope: String = "", keeping kept: [String] = [],
        allowing allowance: Allowance = []
    ) throws -> ImportReport {
        let targets = arena.namedTensors.filter { scope.isEmpty || $0.name.hasPrefix(scope + ".") }
        let plan = try plan(
            for: archive, targets: targets.map { ($0.name, Array($0.tensor.shape)) }, under: scope, keeping: kept)
        if plan.report.lacks(allowance) {
            throw CheckpointError.incompleteImport(path: archive.path, report: plan.report)
        }
        let tensors = Dictionary(uniqueKeysWithValues: targets.map { ($0.name, $0.tensor) })
        var values: [(Tensor, [Float])] = []
        for step in plan.steps {
            guard let tensor = tensors[step.target] else { continue }
            values.append((tensor, step.transform.apply(try archive.floats(of: step.source.name), step.source.shape)))
        }
        for (tensor, values) in values { try tensor.overwrite(with: values) }
        return plan.report
    }

    /// One tensor's way into the network.
    struct Step {
        let source: TensorDescription
        let target: String
        let transform: WeightTransform
    }

    /// Compares names and shapes, and reads no element.
    func plan(
        for archive: some TensorArchive, targets: [(name: String, shape: [Int])], under scope: String, keeping: [String]
    ) throws(CheckpointError) -> (steps: [Step], report: ImportReport) {
        let shapes = Dictionary(uniqueKeysWithValues: targets.map { ($0.name, $0.shape) })
        let prefix = scope.isEmpty ? "" : scope + "."
        let kept = keeping.map { NamePattern(prefix + $0) }
        var steps: [Step] = []
        var report = ImportReport(path: archive.path)
        var sources: [String: String] = [:]
        for tensor in archive.tensors {
            if ignored.contains(where: { $0.matches(tensor.name) != nil }) {
                report.ignored.append(tensor.name)
                continue
            }
            guard let (rule, name) = match(tensor.name), let expected = shapes[prefix + name] else {
                report.leftOver.append(tensor.name)
                continue
            }
            let target = prefix + name
            if let other = sources.updateValue(tensor.name, forKey: target) {
                throw .invalidTensor(
                    path: archive.path, tensor: tensor.name,
                    problem: .other("goes to \"\(target)\", and so does \"\(other)\"; correct the mapping"))
            }
            let found = rule.transform.shape(of: tensor.shape)
            guard rule.transform.fits(tensor.shape, into: expected) else {
                report.otherShape.append(
                    ImportReport.Difference(
                        source: tensor.name, target: target, found: found ?? tensor.shape, expected: expected))
                continue
            }
            report.used.append(ImportReport.Use(source: tensor.name, target: target))
            steps.append(Step(source: tensor, target: target, transform: rule.transform))
        }
        for target in targets where sources[target.name] == nil {
            if kept.contains(where: { $0.matches(target.name) != nil }) {
                report.kept.append(target.name)
            } else {
                report.missing.append(target.name)
            }
        }
        return (steps, report)
    }

    private func match(_ name: String) -> (Rule, String)? {
        for rule in rules {
            if let texts = rule.pattern.matches(name) { return (rule, NamePattern(rule.name).filled(with: texts)) }
        }
        return nil
    }
}
