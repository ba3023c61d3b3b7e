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

    public func predictions(for input: Tensor, in context: ForwardContext) throws(ComputeError) -> [Tensor] {
        let features = try trunk(input, in: context)
        var outputs: [Tensor] = []
        outputs.reserveCapacity(heads.count)
        for head in heads { outputs.append(try head(features, in: context)) }
        return outputs
    }

    public func predictions(
        for input: Tensor, tasks: Set<Int>, in context: ForwardContext
    ) throws(ComputeError) -> [Tensor?] {
        let features = try trunk(input, in: context)
        var outputs: [Tensor?] = []
        outputs.reserveCapacity(heads.count)
        for (task, head) in heads.enumerated() {
            outputs.append(tasks.contains(task) ? try head(features, in: context) : nil)
        }
        return outputs
    }
}
