import Compute

/// A handle to a trainable tensor: its number in the arena that was made from the scope.
///
/// The same number identifies the parameter's leaf on a tape.
public struct Parameter: Hashable, Sendable {
    public let index: Int
}

/// A handle to a tensor that a layer keeps but no gradient changes, such as a running mean.
public struct Statistic: Hashable, Sendable {
    public let index: Int
}

/// Collects the parameters of a network while its layers are made.
///
/// A layer asks its scope for what it needs and keeps the handles:
/// `scope["conv1"].parameter("weight", [3, 3, 16, 32], initializer: .kaimingNormal(fanIn: 144))` is named
/// `conv1.weight`, in checkpoints too. The names of the outermost scopes form the groups of the arena.
public struct ParameterScope {
    struct Declaration {
        let name: String
        let shape: Shape
        let initializer: Initializer
        let decays: Bool
    }

    /// The declarations of all scopes of one network.
    final class Registry {
        var parameters: [Declaration] = []
        var statistics: [Declaration] = []
        var names: Set<String> = []
    }

    let registry: Registry
    /// The names of the enclosing scopes, joined with dots.
    public let path: String
    /// Hands out adapters to the layers that are made in this scope.
    public let adapters: AdapterSet?

    /// The outermost scope of a new network.
    public init() {
        self.init(registry: Registry(), path: "", adapters: nil)
    }

    private init(registry: Registry, path: String, adapters: AdapterSet?) {
        self.registry = registry
        self.path = path
        self.adapters = adapters
    }

    /// The scope of a part.
    public subscript(_ name: String) -> ParameterScope {
        ParameterScope(registry: registry, path: qualified(name), adapters: adapters)
    }

    /// The same scope for a network whose layers get adapters.
    ///
    /// - Parameter adapters: those of this network alone; it notes what it has handed out.
    public func adapting(_ adapters: AdapterSet) -> ParameterScope {
        adapters.root = path
        return ParameterScope(registry: registry, path: path, adapters: adapters)
    }

    /// The scope of the whole network, without adapters.
    public var outermost: ParameterScope { ParameterScope(registry: registry, path: "", adapters: nil) }

    /// The scope of a part that is known by its position, as in a sequence.
    public subscript(_ position: Int) -> ParameterScope { self[String(position)] }

    /// Declares a trainable tensor.
    ///
    /// - Parameter decays: whether weight decay applies; by convention not to biases and norms.
    /// - Precondition: the name is new.
    public func parameter(
        _ name: String, _ shape: Shape, initializer: Initializer, decays: Bool = true
    ) -> Parameter {
        registry.parameters.append(declaration(name, shape, initializer, decays))
        return Parameter(index: registry.parameters.count - 1)
    }

    /// Declares a tensor that is saved with the network but not trained.
    public func statistic(_ name: String, _ shape: Shape, initializer: Initializer) -> Statistic {
        registry.statistics.append(declaration(name, shape, initializer, false))
        return Statistic(index: registry.statistics.count - 1)
    }

    /// The trainable tensors that were declared in this scope and those inside it, in their order.
    public var parameters: [Parameter] {
        registry.parameters.indices.filter { path.isEmpty || registry.parameters[$0].name.hasPrefix(path + ".") }
            .map(Parameter.init)
    }

    private func declaration(
        _ name: String, _ shape: Shape, _ initializer: Initializer, _ decays: Bool
    ) -> Declaration {
        let name = qualified(name)
        precondition(registry.names.insert(name).inserted, "two parameters are named \"\(name)\"")
        return Declaration(name: name, shape: shape, initializer: initializer, decays: decays)
    }

    private func qualified(_ name: String) -> String { path.isEmpty ? name : path + "." + name }
}
