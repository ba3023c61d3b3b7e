import Compute
import MultiTask
import Networks
import Transfer

/// Makes the trunks of a configuration with their adapters, and remembers both.
final class AdaptedTrunks {
    let configuration: AdaptersConfiguration?
    private let tasks: [String]
    private(set) var adapters: [AdapterSet] = []
    private(set) var trunks: [any Trunk] = []
    /// The paths of the trunks' scopes.
    private(set) var roots: [String] = []

    init(_ configuration: AdaptersConfiguration?, tasks: [String]) {
        self.configuration = configuration
        self.tasks = tasks
    }

    /// Makes a trunk, with adapters where the configuration asks for them.
    func trunk(
        in scope: ParameterScope, _ make: (ParameterScope) throws -> any Trunk
    ) throws -> any Trunk {
        roots.append(scope.path)
        let trunk = try adapted(in: scope, make)
        trunks.append(trunk)
        return trunk
    }

    private func adapted(
        in scope: ParameterScope, _ make: (ParameterScope) throws -> any Trunk
    ) throws -> any Trunk {
        guard let configuration else { return try make(scope) }
        let method: AdapterMethod
        switch (configuration.method, configuration.placement) {
        case (.biasOnly, _): return try make(scope)
        case (.bottleneck(let options), .stages): return StageAdaptedTrunk(try make(scope), scope, options)
        case (.lora(let options), _): method = .lowRank(options)
        case (.bottleneck(let options), _): method = .bottleneck(options)
        }
        guard case .layers(let targets) = configuration.placement else { return try make(scope) }
        let set = try AdapterSet(method, targets: targets, tasks: configuration.perTask ? tasks : [])
        let trunk = try make(scope.adapting(set))
        try set.checkUse()
        adapters.append(set)
        return trunk
    }

    /// Freezes the trunks and what lies in front of them, but for adapters and what the configuration wants to train.
    func prepare(_ arena: ParameterArena) throws {
        guard let configuration else { return }
        arena.freeze(prefixes: roots.map { $0 + "." } + ["encoder."])
        if case .biasOnly = configuration.method {
            for root in roots { arena.unfreezeBiases(prefix: root + ".") }
        }
        guard let folder = configuration.load else { return }
        for set in adapters {
            if set.tasks.isEmpty { try PEFTAdapter(folder: folder).load(into: set, in: arena) }
            for (number, task) in set.tasks.enumerated() {
                try PEFTAdapter(folder: "\(folder)/\(task)").load(into: set, task: number, in: arena)
            }
        }
    }

    /// A network in which every task has adapters of its own; nil where the architecture makes the network.
    func networkOfTasks(
        _ architecture: Architecture, from parts: NetworkParts
    ) throws -> (any MultiTaskNetwork)? {
        guard configuration?.perTask == true else { return nil }
        guard case .hardSharing = architecture else {
            throw TrainingError.invalidSetting(
                name: "adapters.perTask", found: "true with the architecture \"\(architecture.name)\"",
                expected: "it with \"hard-sharing\" only")
        }
        let trunk = try parts.makeTrunk(parts.scope["trunk"])
        let heads = try parts.tasks.enumerated().map { number, task in
            try parts.makeHead(parts.scope["heads"][task], number, trunk.featureCount)
        }
        return TaskAdapterSharing(trunk: trunk, heads: heads)
    }
}
