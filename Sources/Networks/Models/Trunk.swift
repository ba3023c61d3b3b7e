import Compute
import Tensors

/// A network, or the part of it that tasks share, which ends in features `[samples, featureCount]`.
///
/// A trunk is a chain of stages and a readout. Hard sharing runs it as a whole; architectures that exchange features on
/// the way do so behind every stage.
public protocol Trunk: Layer {
    /// Number of features per sample that come out.
    var featureCount: Int { get }
    /// Parts one behind the other. Default: one stage, the trunk itself.
    var stages: [TrunkStage] { get }
    /// Makes features `[samples, featureCount]` of what the last stage gives. Default: takes them as they are.
    var readout: any Layer { get }
}

extension Trunk {
    public var stages: [TrunkStage] { [TrunkStage(self, channels: featureCount, yieldsImages: false)] }
    public var readout: any Layer { Sequential([]) }

    /// All stages and the readout: what a trunk that stores its stages computes.
    func runStages(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        var features = input
        for stage in stages { features = try stage(features, in: context) }
        return try readout(features, in: context)
    }
}

/// A part of a trunk behind which architectures may exchange features.
public struct TrunkStage: Layer {
    /// Gives what comes out its shape.
    public let entry: any Layer
    /// Layers behind it, which keep the shape.
    public let rest: [any Layer]
    /// The last extent of what comes out.
    public let channels: Int
    /// Whether images `[samples, height, width, channels]` come out, else vectors `[samples, channels]`.
    public let yieldsImages: Bool

    public init(_ entry: any Layer, _ rest: [any Layer] = [], channels: Int, yieldsImages: Bool) {
        self.entry = entry
        self.rest = rest
        self.channels = channels
        self.yieldsImages = yieldsImages
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        var output = try entry(input, in: context)
        for layer in rest { output = try layer(output, in: context) }
        return output
    }
}
