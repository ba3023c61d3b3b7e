import Compute
import Networks
import Tensors

/// Multi-task attention network: one trunk, and per task an attention module at every stage that picks from its
/// features.
///
/// With u behind a stage's first layer and p behind its last:
/// ```
/// mₜ = sigmoid(BN(Hₜ(relu(BN(Gₜ([u, f(aₜ)]))))))       aₜ ← mₜ·p
/// ŷₜ = headₜ(readout(aₜ))
/// ```
/// G and H are 1×1 convolutions, which for vectors are connected layers. f brings the features that were attended to at
/// the stage before to this stage's size: a 3×3 convolution (for vectors a connected layer), batch normalisation, ReLU
/// and average pooling. The first stage has no such features.
///
/// Parameters: `trunk`, `transitions.STAGE` (f), `tasks.TASK.attention.STAGE`, `heads.TASK`. Shared are the trunk and
/// f.
///
/// Source: Liu, Johns, Davison, "End-to-End Multi-Task Learning with Attention", CVPR 2019.
struct MTAN: MultiTaskNetwork {
    private let trunk: any Trunk
    /// By stage, from the second on.
    private let transitions: [Transition]
    /// By task and stage.
    private let attention: [[any Layer]]
    private let heads: [any Layer]

    init(_ parts: NetworkParts) throws {
        let trunk = try parts.makeTrunk(parts.scope["trunk"])
        let stages = trunk.stages
        transitions = stages.indices.dropFirst().map {
            Transition(parts.scope["transitions"][$0], from: stages[$0 - 1], to: stages[$0])
        }
        attention = parts.tasks.map { task in
            stages.indices.map { stage in
                let channels = stages[stage].channels
                let scope = parts.scope(of: task)["attention"][stage]
                return Sequential([
                    Linear(
                        scope["conv1"], inputs: stage == 0 ? channels : 2 * channels, outputs: channels, bias: false),
                    BatchNorm(scope["bn1"], channels: channels, activation: .relu),
                    Linear(scope["conv2"], inputs: channels, outputs: channels, bias: false),
                    BatchNorm(scope["bn2"], channels: channels),
                    ActivationLayer.sigmoid,
                ])
            }
        }
        heads = try parts.heads(inputs: trunk.featureCount)
        self.trunk = trunk
    }

    var taskCount: Int { heads.count }

    func predictions(
        for input: Tensor, tasks: Set<Int>, in context: ForwardContext
    ) throws(ComputeError) -> [Tensor?] {
        var features = input
        /// By task, behind the stage before; nil for tasks that are not asked for.
        var attended: [Tensor?] = heads.indices.map { tasks.contains($0) ? input : nil }
        for (number, stage) in trunk.stages.enumerated() {
            let first = try stage.entry(features, in: context)
            features = first
            for layer in stage.rest { features = try layer(features, in: context) }
            for (task, picked) in attended.enumerated() {
                guard let picked else { continue }
                var seen = first
                if number > 0 {
                    let before = try transitions[number - 1](picked, matching: first, in: context)
                    seen = try Tensor.concatenate([first, before], axis: -1)
                }
                attended[task] = try features * attention[task][number](seen, in: context)
            }
        }
        for (task, picked) in attended.enumerated() {
            if let picked { attended[task] = try trunk.readout(picked, in: context) }
        }
        return try heads.predictions(from: attended, in: context)
    }

    /// Brings features of one stage to the size of the next.
    private struct Transition {
        private let layer: any Layer
        private let norm: BatchNorm
        private let takesVectors: Bool

        /// - Precondition: no stage makes images of vectors.
        init(_ scope: ParameterScope, from stage: TrunkStage, to next: TrunkStage) {
            precondition(stage.yieldsImages || !next.yieldsImages, "MTAN: a stage makes images of vectors")
            takesVectors = !next.yieldsImages
            layer =
                takesVectors
                ? Linear(scope["conv"], inputs: stage.channels, outputs: next.channels, bias: false)
                : Convolution2D(
                    scope["conv"], inputs: stage.channels, outputs: next.channels,
                    window: Window2D(size: 3, padding: 1), bias: false)
            norm = BatchNorm(scope["bn"], channels: next.channels, activation: .relu)
        }

        func callAsFunction(
            _ features: Tensor, matching target: Tensor, in context: ForwardContext
        ) throws(ComputeError) -> Tensor {
            if takesVectors { return try norm(layer(features.pooled(), in: context), in: context) }
            let output = try norm(layer(features, in: context), in: context)
            return try output.averagePooled(height: target.shape[1], width: target.shape[2])
        }
    }
}

extension Tensor {
    /// Images reduced to a size by the smallest windows of one size that cover them.
    fileprivate func averagePooled(height: Int, width: Int) throws(ComputeError) -> Tensor {
        if shape[1] == height && shape[2] == width { return self }
        precondition(
            shape[1] >= height && shape[2] >= width, "MTAN: a stage enlarges images from \(shape) to \(height)×\(width)")
        let (vertical, horizontal) = (shape[1] / height, shape[2] / width)
        return try averagePool2D(
            window: Window2D(
                height: shape[1] - (height - 1) * vertical, width: shape[2] - (width - 1) * horizontal,
                strideHeight: vertical, strideWidth: horizontal))
    }
}
