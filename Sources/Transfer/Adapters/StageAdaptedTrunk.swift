import Compute
import Networks
import Tensors

/// A trunk with a bottleneck adapter behind every stage.
///
/// Parameters: `adapters.PATH.STAGE.down` and `….up`, with the path of the trunk and stages counted from 0.
///
/// Source: Houlsby et al., "Parameter-Efficient Transfer Learning for NLP", ICML 2019; behind the stages of a network for
/// images as in Rebuffi et al., "Learning Multiple Visual Domains with Residual Adapters", NeurIPS 2017.
public struct StageAdaptedTrunk: Trunk {
    public let featureCount: Int
    public let stages: [TrunkStage]
    public let readout: any Layer

    /// - Parameter scope: of the trunk.
    public init(_ trunk: any Trunk, _ scope: ParameterScope, _ options: BottleneckAdaptation) {
        featureCount = trunk.featureCount
        readout = trunk.readout
        stages = trunk.stages.enumerated().map { position, stage in
            let adapter = BottleneckAdapter(scope.outermost["adapters"][scope.path][position], features: stage.channels, options)
            return TrunkStage(
                stage.entry, stage.rest + [adapter], channels: stage.channels, yieldsImages: stage.yieldsImages)
        }
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        var features = input
        for stage in stages { features = try stage(features, in: context) }
        return try readout(features, in: context)
    }
}
