import Compute
import Networks
import Tensors

/// Soft parameter sharing: a trunk per task, held together by the squared distance of their parameters.
///
/// ```
/// R = strength/2·Σ_{s<t} ‖θₛ - θₜ‖²
/// ```
/// is minimised besides the losses. Task t's part of it is `strength/2·Σ_{s≠t} ‖θₜ - θₛ‖²` with the other trunks taken
/// as constants, which gives exactly the gradient of R in all. So no loss reaches another task's parameters: nothing is
/// shared, and methods that act on conflicts in shared parameters find none.
///
/// Parameters: `tasks.TASK.trunk`, `heads.TASK`.
///
/// Source: Duong, Cohn, Bird, Cook, "Low Resource Dependency Parsing: Cross-lingual Parameter Sharing in a Neural
/// Network Parser", ACL 2015.
public struct SoftSharing: Hashable, Sendable {
    /// Factor on the squared distances.
    public var strength: Float

    /// - Precondition: not below 0.
    public init(strength: Float = 1e-3) {
        precondition(strength >= 0, "SoftSharing: a strength of \(strength)")
        self.strength = strength
    }
}

struct SoftSharingNetwork: MultiTaskNetwork {
    private let strength: Float
    /// By task.
    private let trunks: [any Trunk]
    /// Of the trunks, by task, in corresponding order.
    private let parameters: [[Parameter]]
    private let heads: [any Layer]

    init(_ options: SoftSharing, _ parts: NetworkParts) throws {
        strength = options.strength
        let scopes = parts.tasks.map { parts.scope(of: $0)["trunk"] }
        trunks = try scopes.map(parts.makeTrunk)
        parameters = scopes.map(\.parameters)
        heads = try parts.heads(inputs: trunks[0].featureCount)
    }

    var taskCount: Int { heads.count }

    func predictions(
        for input: Tensor, tasks: Set<Int>, in context: ForwardContext
    ) throws(ComputeError) -> [Tensor?] {
        var features: [Tensor?] = []
        for (task, trunk) in trunks.enumerated() {
            features.append(tasks.contains(task) ? try trunk(input, in: context) : nil)
        }
        if context.mode == .training, strength > 0, trunks.count > 1 { try addPenalties(in: context) }
        return try heads.predictions(from: features, in: context)
    }

    private func addPenalties(in context: ForwardContext) throws(ComputeError) {
        var vectors: [Tensor] = []
        for parameters in parameters {
            vectors.append(try Tensor.concatenate(parameters.map { context($0).flattened(from: 0) }, axis: 0))
        }
        for (task, vector) in vectors.enumerated() {
            var distances: [Tensor] = []
            for (other, constant) in vectors.enumerated() where other != task {
                distances.append(try (vector - constant.detached).sumOfSquares().reshaped([1]))
            }
            let sum = try Tensor.concatenate(distances, axis: 0).sum()
            context.add(auxiliaryLoss: try sum.affine(scale: strength / 2), task: task)
        }
    }
}
