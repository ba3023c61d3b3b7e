import Networks

/// Multi-gate mixture of experts: every task mixes the features of the same experts by a gate of its own.
///
/// ```
/// hₑ = trunkₑ(x)                         E experts, each a whole trunk    [samples, features]
/// gₜ = softmax(z·Gₜ + bₜ)                z: see below                     [samples, E]
/// ŷₜ = headₜ(Σₑ gₜₑ·hₑ)
/// ```
/// z is x where samples are vectors; for images it is the mean of the experts' features.
///
/// Parameters: `experts.E`, `tasks.TASK.gate`, `heads.TASK`. Shared are the experts.
///
/// Source: Ma et al., "Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts", KDD
/// 2018.
public struct MMoE: Hashable, Sendable {
    /// Number of experts.
    public var experts: Int

    /// - Precondition: at least one expert.
    public init(experts: Int = 4) {
        precondition(experts > 0, "MMoE: \(experts) experts")
        self.experts = experts
    }
}

extension GatedExperts {
    init(_ options: MMoE, _ parts: NetworkParts) throws {
        try self.init(parts, experts: options.experts) { scope, _, inputs, experts in
            SoftmaxGate(scope, inputs: inputs, experts: experts)
        }
    }
}
