import Checkpoints
import Compute
import Networks
import Tensors

extension AdapterSet {
    /// Adds the updates of low-rank adapters to the weights that they belong to. The network computes the same without
    /// the cost of adapters, and should not be trained until ``unmerge(_:task:in:)``.
    ///
    /// - Parameters:
    ///   - sets: all adapters of the network.
    ///   - task: whose adapters, where tasks have adapters of their own; the network is that task's then.
    /// - Throws: ``AdapterError/unsuitable(action:found:expected:)`` for adapters that are no update of weights, and where
    ///   they are merged already.
    public static func merge(_ sets: [AdapterSet], task: Int? = nil, in arena: ParameterArena) throws {
        if arena.adaptersAreMerged {
            throw AdapterError.unsuitable(action: "merge", found: "merged adapters", expected: "adapters beside the weights")
        }
        try add(sets, task: task, sign: 1, in: arena)
        arena.adaptersAreMerged = true
    }

    /// Takes the updates out of the weights again, which then differ from those before by rounding alone.
    public static func unmerge(_ sets: [AdapterSet], task: Int? = nil, in arena: ParameterArena) throws {
        if !arena.adaptersAreMerged {
            throw AdapterError.unsuitable(action: "unmerge", found: "adapters beside the weights", expected: "merged adapters")
        }
        try add(sets, task: task, sign: -1, in: arena)
        arena.adaptersAreMerged = false
    }

    private static func add(_ sets: [AdapterSet], task: Int?, sign: Float, in arena: ParameterArena) throws {
        var updates: [(weight: Tensor, values: [Float])] = []
        for set in sets {
            for layer in set.layers {
                let weight = arena.tensor(layer.weight)
                let update = try set.lowRankAdapter(of: layer, task: task, action: "merge").weightUpdate(in: arena)
                updates.append((weight, try (weight + update.affine(scale: sign)).floats()))
            }
        }
        for (weight, values) in updates { try weight.overwrite(with: values) }
    }

    /// The tensors of the network without adapters, their updates merged into its weights: what a checkpoint of a network
    /// holds that was made without adapters.
    ///
    /// - Parameter task: as for ``merge(_:task:in:)``.
    public static func mergedTensors(
        _ sets: [AdapterSet], task: Int? = nil, in arena: ParameterArena
    ) throws -> [NamedTensor] {
        var merged: [String: [Float]] = [:]
        var omitted: Set<String> = []
        for set in sets {
            for layer in set.layers {
                guard case .lowRank(let variants) = layer.adapter else { continue }
                for variant in variants.variants {
                    omitted.insert(arena.segments[variant.down.index].name)
                    omitted.insert(arena.segments[variant.up.index].name)
                }
                let adapter = try set.lowRankAdapter(of: layer, task: task, action: "merge")
                if arena.adaptersAreMerged { continue }
                merged[arena.segments[layer.weight.index].name] =
                    try (arena.tensor(layer.weight) + adapter.weightUpdate(in: arena)).floats()
            }
        }
        return try arena.namedTensors.filter { !omitted.contains($0.name) }.map { name, tensor in
            NamedTensor(
                name: name, shape: Array(tensor.shape), elements: .float32(try merged[name] ?? tensor.floats()))
        }
    }

    /// The low-rank adapter of a layer, of one task where tasks have their own.
    func lowRankAdapter(of layer: AdaptedLayer, task: Int?, action: String) throws -> LowRankAdapter {
        guard case .lowRank(let variants) = layer.adapter else {
            throw AdapterError.unsuitable(
                action: action, found: "a bottleneck adapter at \"\(layer.path)\"", expected: "low-rank adapters")
        }
        guard variants.isOfTasks else { return variants.variants[0] }
        guard let task, variants.variants.indices.contains(task) else {
            throw AdapterError.unsuitable(
                action: action, found: task.map { "task \($0)" } ?? "no task",
                expected: "the number of one of the tasks \(tasks.joined(separator: ", ")), which have adapters of their own")
        }
        return variants.variants[task]
    }
}
