import Compute
import Tensors

/// A run of ``InvertedResidual`` blocks with the same number of channels, of which the first may have a stride.
package struct MobileStage {
    let size: Int
    let stride: Int
    let expansion: Int
    let channels: Int
    let blocks: Int

    package init(size: Int, stride: Int, expansion: Int, channels: Int, blocks: Int) {
        self.size = size
        self.stride = stride
        self.expansion = expansion
        self.channels = channels
        self.blocks = blocks
    }
}

extension MobileStyle {
    /// The chain of a mobile network: a 3×3 convolution with stride 2, the blocks, counted over all stages, and a 1×1
    /// convolution.
    ///
    /// Parts: `stem`, `blocks.0` …, `head`. Every run of blocks is a stage, and so are the stem and the head.
    func stages(
        _ scope: ParameterScope, channels: Int, stem: Int, body: [MobileStage], head: Int
    ) -> [TrunkStage] {
        var stages = [
            TrunkStage(
                block(scope["stem"], inputs: channels, outputs: stem, size: 3, stride: 2, activation: .relu6),
                channels: stem, yieldsImages: true)
        ]
        var (inputs, position) = (stem, 0)
        for part in body {
            var blocks: [InvertedResidual] = []
            for block in 0..<part.blocks {
                blocks.append(
                    InvertedResidual(
                        scope["blocks"][position], inputs: inputs, outputs: part.channels, expansion: part.expansion,
                        size: part.size, stride: block == 0 ? part.stride : 1, style: self))
                inputs = part.channels
                position += 1
            }
            stages.append(
                TrunkStage(blocks[0], Array(blocks.dropFirst()), channels: part.channels, yieldsImages: true))
        }
        stages.append(
            TrunkStage(
                block(scope["head"], inputs: inputs, outputs: head, activation: .relu6), channels: head,
                yieldsImages: true))
        return stages
    }

    /// The nearest multiple of 8 that is not more than a tenth below.
    static func rounded(_ channels: Double) -> Int {
        let nearest = max(8, Int(channels + 4) / 8 * 8)
        return Double(nearest) < 0.9 * channels ? nearest + 8 : nearest
    }
}
