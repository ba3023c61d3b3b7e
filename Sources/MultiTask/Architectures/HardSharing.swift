import Compute
import Networks
import Tensors

/// Hard parameter sharing: one trunk computes features, every task has a head of its own.
///
/// Parameters: `trunk`, `heads.TASK`. Shared is the trunk.
///
/// Source: Caruana, "Multitask Learning", Machine Learning 28, 1997.
public struct HardSharing: MultiTaskNetwork {
    public let trunk: any Layer
    /// In the order of the tasks.
    public let heads: [any Layer]

    public init(trunk: any Layer, heads: [any Layer]) {
        self.trunk = trunk
        self.heads = heads
    }

    public var taskCount: Int { heads.count }
    public var split: SplitNetwork? { SplitNetwork(body: trunk, heads: heads) }

    public func predictions(
        for input: Tensor, tasks: Set<Int>, in context: ForwardContext
    ) throws(ComputeError) -> [Tensor?] {
        let features = try trunk(input, in: context)
        return try heads.predictions(from: heads.indices.map { tasks.contains($0) ? features : nil }, in: context)
    }
}
