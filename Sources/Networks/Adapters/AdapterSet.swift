import Compute
import Tensors

/// What is added to the layers of a network that stands still otherwise.
public enum AdapterMethod: Hashable, Sendable {
    case lowRank(LowRankAdaptation)
    case bottleneck(BottleneckAdaptation)
}

/// The adapters of one network, which its layers ask for while they are made.
///
/// A model does not know of adapters: `ParameterScope.adapting(_:)` gives it a scope that hands them out, and a layer
/// that can have one asks its scope. Without such a scope a layer holds nothing more than an empty optional.
///
/// Shared adapters are named `adapters.PATH.…`, those of tasks `tasks.TASK.PATH.…`, with the path of the layer that they
/// belong to. They are groups of the arena of their own, so that an optimizer updates all of them in one launch.
public final class AdapterSet {
    /// A layer with its adapters.
    public struct AdaptedLayer {
        /// Within the adapted network.
        public let path: String
        /// Of the layer that is adapted.
        public let weight: Parameter
        public let adapter: LayerAdapter
    }

    public let method: AdapterMethod
    public let targets: AdapterTargets
    /// Each of these tasks has adapters of its own; empty where all tasks share one of each.
    public let tasks: [String]
    /// The path of the scope of the adapted network, which `AdaptedLayer.path` leaves out.
    public internal(set) var root = ""
    public private(set) var layers: [AdaptedLayer] = []
    /// The paths of all layers that could have had an adapter.
    public private(set) var candidates: [String] = []

    /// - Throws: ``ModelError/invalidOption(model:option:found:expected:)`` where an option makes no sense.
    public init(_ method: AdapterMethod, targets: AdapterTargets = .allLinear, tasks: [String] = []) throws(ModelError) {
        try targets.validate()
        switch method {
        case .lowRank(let options): try options.validate()
        case .bottleneck(let options): try options.validate()
        }
        self.method = method
        self.targets = targets
        self.tasks = tasks
    }

    /// Checks that some layer has an adapter, once the network was made.
    ///
    /// - Throws: ``ModelError/invalidOption(model:option:found:expected:)`` with the layers that there are.
    public func checkUse() throws(ModelError) {
        if !layers.isEmpty { return }
        throw .invalidOption(
            model: "adapters", option: "targets", found: "\(targets), which match no layer",
            expected: "some of \(candidates.joined(separator: ", "))")
    }

    func adapter(
        of weight: Parameter, at scope: ParameterScope, kind: AdapterTargets.LayerKind,
        lowRank: (ParameterScope, LowRankAdaptation) -> LowRankAdapter, outputs: Int
    ) -> LayerAdapter? {
        let path = String(scope.path.dropFirst(root.isEmpty ? 0 : root.count + 1))
        candidates.append(path)
        guard targets.match(path, kind) else { return nil }
        let scopes = tasks.isEmpty
            ? [scope.outermost["adapters"][scope.path]]
            : tasks.map { scope.outermost["tasks"][$0][scope.path] }
        let isOfTasks = !tasks.isEmpty
        let adapter: LayerAdapter =
            switch method {
            case .lowRank(let options):
                .lowRank(TaskVariants(scopes.map { lowRank($0, options) }, isOfTasks: isOfTasks))
            case .bottleneck(let options):
                .bottleneck(
                    TaskVariants(
                        scopes.map { BottleneckAdapter($0["adapter"], features: outputs, options) },
                        isOfTasks: isOfTasks))
            }
        layers.append(AdaptedLayer(path: path, weight: weight, adapter: adapter))
        return adapter
    }
}

/// One adapter for all tasks, or one for each.
public struct TaskVariants<Adapter> {
    /// One, or one per task.
    public let variants: [Adapter]
    public let isOfTasks: Bool

    init(_ variants: [Adapter], isOfTasks: Bool) {
        self.variants = variants
        self.isOfTasks = isOfTasks
    }

    /// The adapter for the task that a forward pass runs for.
    func chosen(in context: ForwardContext) -> Adapter {
        guard isOfTasks else { return variants[0] }
        guard let task = context.chooseTask() else {
            preconditionFailure("adapters of tasks in a forward pass that runs for no task; see ForwardContext.running(task:)")
        }
        return variants[task]
    }
}

/// The adapter of a layer.
public enum LayerAdapter {
    case lowRank(TaskVariants<LowRankAdapter>)
    case bottleneck(TaskVariants<BottleneckAdapter>)

    /// The output of a layer with the adapter.
    ///
    /// - Parameters:
    ///   - activation: the layer's.
    ///   - layer: computes the layer's output with an activation.
    func adapted(
        _ input: Tensor, activation: Activation, in context: ForwardContext,
        _ layer: (Activation) throws(ComputeError) -> Tensor
    ) throws(ComputeError) -> Tensor {
        switch self {
        case .lowRank(let variants):
            if context.arena.adaptersAreMerged { return try layer(activation) }
            let update = try variants.chosen(in: context)(input, in: context)
            let sum = try layer(.none) + update
            return switch activation {
            case .none: sum
            case .relu: try sum.relu()
            case .relu6: try sum.relu6()
            }
        case .bottleneck(let variants):
            return try variants.chosen(in: context)(try layer(activation), in: context)
        }
    }
}
