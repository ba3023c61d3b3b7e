import Compute
import Tensors

/// Everything that steps change, at one moment: what trial runs go back to.
public struct StepSnapshot {
    fileprivate let values: Tensor
    fileprivate let statistics: Tensor
    fileprivate let optimizerStates: [Tensor]
    fileprivate let stepCounts: [Int]
    fileprivate let average: Tensor?
    fileprivate let method: Method
    fileprivate let partMethods: [Int: Method]
    fileprivate let heldWeights: HeldWeights?
    fileprivate let memory: RowMemory<DeviceRows>
}

extension TrainingStep {
    /// Copies parameters, statistics, the optimizer's states and what the method remembers.
    public func snapshot() throws(ComputeError) -> StepSnapshot {
        var states: [Tensor] = []
        for (_, tensor) in optimizer.states { states.append(try tensor.duplicated()) }
        return StepSnapshot(
            values: try arena.values.duplicated(), statistics: try arena.statistics.duplicated(),
            optimizerStates: states, stepCounts: optimizer.stepCounts, average: try average?.values.duplicated(),
            method: method, partMethods: partMethods, heldWeights: heldWeights, memory: memory)
    }

    /// Goes back to a snapshot, bit for bit.
    public func restore(_ snapshot: StepSnapshot) throws(ComputeError) {
        try arena.values.overwrite(with: snapshot.values)
        try arena.statistics.overwrite(with: snapshot.statistics)
        for ((_, tensor), state) in zip(optimizer.states, snapshot.optimizerStates) {
            try tensor.overwrite(with: state)
        }
        optimizer.stepCounts = snapshot.stepCounts
        if let average = snapshot.average { try self.average?.values.overwrite(with: average) }
        method = snapshot.method
        partMethods = snapshot.partMethods
        heldWeights = snapshot.heldWeights
        memory = snapshot.memory
    }
}
