import Compute
import Networks
import Tensors

/// A feed-forward network that was imported from an ONNX model: its nodes as Concord's layers, in the order of the data.
///
/// ```swift
/// let file = try ONNXFile(path: path)
/// let network = try ONNXNetwork(scope["trunk"], importing: file)
/// let arena = try ParameterArena(scope, seed: 1, on: device)
/// try network.loadWeights(from: file, into: arena)
/// ```
///
/// Shapes are followed through the graph before anything is made, so a model that does not fit together is an error here
/// and not while it runs. Images are `[samples, height, width, channels]` from input to output, whatever the model's order;
/// where a model flattens them, they are put into its order first.
///
/// Operators: Add, AveragePool, BatchNormalization, Clip, Constant, Conv, Dropout, Flatten, Gemm, GlobalAveragePool,
/// Identity, LeakyRelu, MatMul, MaxPool, Relu, Reshape, Sigmoid, Softmax, Squeeze, Tanh. Any other is refused with its node.
///
/// Source: <https://onnx.ai/onnx/operators/>.
public struct ONNXNetwork: Layer {
    /// What a node does with the values before it.
    enum Operation {
        case layer(any Layer)
        case add
        case addParameter(Parameter)
        case clamp(ClosedRange<Float>)
        case softmax
        /// Puts an image into the order of channels, height, width.
        case flattenImage
        case identity
    }

    /// A node: where its inputs lie among all values, and what it does. Its result is the next value.
    struct Step {
        let inputs: [Int]
        let operation: Operation
    }

    /// A parameter or statistic, and the tensor of the file that it comes from.
    struct Weight {
        let target: String
        let source: String
        let transform: WeightTransform
    }

    let steps: [Step]
    let weights: [Weight]
    private let output: Int
    /// The extents of one sample that goes in: `[height, width, channels]` for images.
    public let inputShape: [Int]
    /// The extents of one sample that comes out.
    public let outputShape: [Int]

    /// Declares the parameters of a model's layers.
    ///
    /// - Parameter sampleShape: extents of one sample in the model's order, `[channels, height, width]` for images; needed
    ///   where the model leaves them open.
    /// - Throws: ``CheckpointError/unsupported(path:format:found:)`` with the node that cannot be imported, and
    ///   ``CheckpointError/malformed(path:format:problem:)`` for a graph that is cyclic or does not fit together.
    public init(
        _ scope: ParameterScope, importing file: ONNXFile, sampleShape: [Int]? = nil
    ) throws(CheckpointError) {
        var importer = ONNXImporter(file: file, scope: scope)
        try importer.importGraph(sampleShape: sampleShape)
        steps = importer.steps
        weights = importer.weights
        output = importer.output.slot
        inputShape = ONNXNetwork.channelsLast(importer.inputShape)
        outputShape = ONNXNetwork.channelsLast(importer.output.shape)
    }

    private static func channelsLast(_ shape: [Int]) -> [Int] {
        shape.count == 3 ? [shape[1], shape[2], shape[0]] : shape
    }

    /// Copies the model's weights into the arena that was made from the scope.
    ///
    /// Everything is read before anything changes.
    public func loadWeights(from file: ONNXFile, into arena: ParameterArena) throws {
        let tensors = Dictionary(uniqueKeysWithValues: arena.namedTensors.map { ($0.name, $0.tensor) })
        var values: [(Tensor, [Float])] = []
        for weight in weights {
            guard let tensor = tensors[weight.target] else {
                throw CheckpointError.otherNetwork(
                    path: file.path, tensor: weight.target, found: "in the model", expected: "no such tensor")
            }
            let source = try file.tensor(named: weight.source)
            values.append((tensor, weight.transform.apply(try file.floats(of: weight.source), source.shape)))
        }
        for (tensor, values) in values { try tensor.overwrite(with: values) }
    }

    /// - Parameter input: `[samples] + inputShape`.
    /// - Returns: `[samples] + outputShape`.
    public func callAsFunction(_ input: Tensor, in context: ForwardContext) throws(ComputeError) -> Tensor {
        precondition(
            Array(input.shape.dropFirst()) == inputShape, "ONNXNetwork: input \(input.shape), expected samples of \(inputShape)")
        var values = [input]
        for step in steps {
            let first = values[step.inputs[0]]
            switch step.operation {
            case .layer(let layer): values.append(try layer(first, in: context))
            case .add: values.append(try first + values[step.inputs[1]])
            case .addParameter(let parameter): values.append(try first + context(parameter))
            case .clamp(let range): values.append(try first.clamped(to: range))
            case .softmax: values.append(try first.softmax())
            case .flattenImage: values.append(try first.transposed([0, 3, 1, 2]).flattened())
            case .identity: values.append(first)
            }
        }
        return values[output]
    }
}
