import Compute
import Networks
import Tensors

/// A network behind an encoder of its inputs, which all tasks share: how rows of tables reach any architecture.
public struct EncodedNetwork: MultiTaskNetwork {
    public let encoder: any Layer
    public let network: any MultiTaskNetwork

    public init(encoder: any Layer, network: any MultiTaskNetwork) {
        self.encoder = encoder
        self.network = network
    }

    public var taskCount: Int { network.taskCount }
    public var split: SplitNetwork? {
        network.split.map { SplitNetwork(body: Sequential([encoder, $0.body]), heads: $0.heads) }
    }

    public func predictions(
        for input: Tensor, tasks: Set<Int>, in context: ForwardContext
    ) throws(ComputeError) -> [Tensor?] {
        try network.predictions(for: try encoder(input, in: context), tasks: tasks, in: context)
    }
}
