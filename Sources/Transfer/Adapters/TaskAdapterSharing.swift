import Compute
import MultiTask
import Networks
import Tensors

/// Hard sharing of a trunk that has adapters of every task's own: the trunk's weights are shared and stand still, what it
/// computes is the task's alone.
///
/// The trunk runs once for every task from the first stage on that holds an adapter of a task; the stages below run once
/// for all. With K tasks the forward pass of the adapted stages costs K times that of a shared trunk. The reverse walk
/// costs what it always does: there the cotangents of a shared trunk are K times as many rows, too, though in one launch
/// instead of K. (A batch of K copies would spare forward launches, but every task's cotangent would run through all K
/// copies, K² times the rows.)
///
/// Where adapters are all that trains in the trunk, tasks share nothing, and a method has nothing to weigh.
public struct TaskAdapterSharing: MultiTaskNetwork {
    public let trunk: any Trunk
    /// In the order of the tasks.
    public let heads: [any Layer]

    public init(trunk: any Trunk, heads: [any Layer]) {
        self.trunk = trunk
        self.heads = heads
    }

    public var taskCount: Int { heads.count }

    public func predictions(
        for input: Tensor, tasks: Set<Int>, in context: ForwardContext
    ) throws(ComputeError) -> [Tensor?] {
        var outputs = [Tensor?](repeating: nil, count: heads.count)
        guard let first = tasks.min() else { return outputs }
        // Below the first adapter of a task, what one task gets is what all get.
        var (shared, next) = (input, 0)
        var started: Tensor?
        while next < trunk.stages.count, started == nil {
            let (output, dependsOnTask) = try context.running(task: first) { () throws(ComputeError) in
                try trunk.stages[next](shared, in: context)
            }
            if dependsOnTask { started = output } else { shared = output }
            next += 1
        }
        for task in tasks.sorted() {
            outputs[task] = try context.running(task: task) { () throws(ComputeError) in
                var features = shared
                if let started {
                    features = task == first ? started : try trunk.stages[next - 1](shared, in: context)
                    for stage in trunk.stages[next...] { features = try stage(features, in: context) }
                }
                return try heads[task](try trunk.readout(features, in: context), in: context)
            }.output
        }
        return outputs
    }
}
