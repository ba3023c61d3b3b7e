import Compute
import Networks
import Tensors

/// A trunk per task, stage beside stage; behind every stage the tasks' features are mixed.
struct ParallelTrunks {
    /// By task.
    let trunks: [any Trunk]

    /// In the scopes `trunks.TASK`.
    init(_ parts: NetworkParts) throws {
        trunks = try parts.tasks.map { try parts.makeTrunk(parts.scope["trunks"][$0]) }
    }

    var stageCount: Int { trunks[0].stages.count }
    var featureCount: Int { trunks[0].featureCount }

    /// A matrix `[tasks, tasks]` per stage, in the scope of its number.
    func matrices(_ scope: ParameterScope, initializer: Initializer) -> [Parameter] {
        (0..<stageCount).map {
            scope.parameter(String($0), [trunks.count, trunks.count], initializer: initializer, decays: false)
        }
    }

    /// The features of some tasks, nil for the others.
    ///
    /// All trunks run, because the tasks' features are mixed of all of them.
    ///
    /// - Parameter matrices: by stage, `[tasks, tasks]`: row t holds the shares of all tasks' features in what goes on for
    ///   task t.
    func features(
        of input: Tensor, mixedBy matrices: [Tensor], tasks: Set<Int>, in context: ForwardContext
    ) throws(ComputeError) -> [Tensor?] {
        var features = trunks.map { _ in input }
        for (stage, matrix) in matrices.enumerated() {
            for task in trunks.indices { features[task] = try trunks[task].stages[stage](features[task], in: context) }
            var mixed: [Tensor] = []
            for task in trunks.indices {
                mixed.append(
                    try Tensor.mixture(of: features, weights: try matrix.sliced(axis: 0, task..<task + 1)))
            }
            features = mixed
        }
        var read: [Tensor?] = []
        for (task, trunk) in trunks.enumerated() {
            read.append(tasks.contains(task) ? try trunk.readout(features[task], in: context) : nil)
        }
        return read
    }
}
