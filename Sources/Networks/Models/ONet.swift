import Compute
import Tensors

/// The output network of MTCNN, which looks at one candidate for a face in 48×48 pixels, up to its 256 features.
///
/// Four convolutions (32, 64, 64 and 128 filters), the first three with maximum pooling, and a connected layer, each with
/// a ``PReLU``. Three tasks read the features, each with one linear layer; see ``tasks``. Parts, named as in the package
/// `facenet-pytorch`: `conv1`, `prelu1` … `conv4`, `prelu4`, `dense5`, `prelu5`. Every convolution is a stage.
///
/// Source: Zhang, Zhang, Li, Qiao, "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks",
/// IEEE Signal Processing Letters 23, 2016.
public struct ONet: Trunk {
    /// Height and width of the images.
    public static let imageSize = 48
    /// The tasks of the original network with the number of their outputs: whether there is a face (class 1), the
    /// corrections of its box, and the positions of eyes, nose and mouth.
    public static let tasks: [(name: String, outputs: Int)] = [("face", 2), ("box", 4), ("landmarks", 10)]

    public let featureCount = 256
    public let stages: [TrunkStage]
    public let readout: any Layer

    public init(_ scope: ParameterScope, channels: Int = 3) {
        func stage(_ number: Int, from inputs: Int, to outputs: Int, size: Int, pool: Int?) -> TrunkStage {
            let layers: [any Layer] = [
                Convolution2D(
                    scope["conv\(number)"], inputs: inputs, outputs: outputs, window: Window2D(size: size)),
                PReLU(scope["prelu\(number)"], channels: outputs),
            ]
            let pooling = pool.map { MaxPool2D(window: Window2D(size: $0, stride: 2), padding: .ceiling) }
            return TrunkStage(
                Sequential(layers + (pooling.map { [$0] } ?? [])), channels: outputs, yieldsImages: true)
        }
        stages = [
            stage(1, from: channels, to: 32, size: 3, pool: 3), stage(2, from: 32, to: 64, size: 3, pool: 3),
            stage(3, from: 64, to: 64, size: 3, pool: 2), stage(4, from: 64, to: 128, size: 2, pool: nil),
        ]
        readout = Sequential([
            ColumnsFirst(), Flatten(), Linear(scope["dense5"], inputs: 3 * 3 * 128, outputs: featureCount),
            PReLU(scope["prelu5"], channels: featureCount),
        ])
    }

    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        try runStages(input, in: context)
    }
}

/// Exchanges rows and columns: the original was trained on images that lie that way in memory.
private struct ColumnsFirst: Layer {
    func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        try input.transposed([0, 2, 1, 3])
    }
}
