import Compute
import Networks
import Tensors

/// Cross-stitch networks: a trunk per task, and behind every stage a learned linear combination of all tasks' features.
///
/// ```
/// hₜ = stageₗ(aₜ)          aₜ ← Σⱼ Sₗ[t, j]·hⱼ
/// ŷₜ = headₜ(readout(aₜ))
/// ```
/// S starts near the identity, `own` on the diagonal and the rest of 1 spread over the other tasks, so features keep
/// their scale and training starts close to separate networks.
///
/// Parameters: `trunks.TASK`, `stitches.STAGE` (`[tasks, tasks]`, without weight decay), `heads.TASK`. Shared is
/// everything but the heads.
///
/// Source: Misra, Shrivastava, Gupta, Hebert, "Cross-stitch Networks for Multi-task Learning", CVPR 2016.
public struct CrossStitch: Hashable, Sendable {
    /// Share of a task's own features at the start.
    public var own: Float

    /// - Precondition: the share is in 0...1.
    public init(own: Float = 0.9) {
        precondition((0...1).contains(own), "CrossStitch: a share of \(own)")
        self.own = own
    }
}

struct CrossStitchNetwork: MultiTaskNetwork {
    private let trunks: ParallelTrunks
    /// By stage.
    private let stitches: [Parameter]
    private let heads: [any Layer]

    init(_ options: CrossStitch, _ parts: NetworkParts) throws {
        trunks = try ParallelTrunks(parts)
        let others = parts.tasks.count - 1
        stitches = trunks.matrices(
            parts.scope["stitches"],
            initializer: .diagonal(
                others == 0 ? 1 : options.own, elsewhere: others == 0 ? 0 : (1 - options.own) / Float(others)))
        heads = try parts.heads(inputs: trunks.featureCount)
    }

    var taskCount: Int { heads.count }

    func predictions(
        for input: Tensor, tasks: Set<Int>, in context: ForwardContext
    ) throws(ComputeError) -> [Tensor?] {
        let features = try trunks.features(
            of: input, mixedBy: stitches.map { context($0) }, tasks: tasks, in: context)
        return try heads.predictions(from: features, in: context)
    }
}
