import ArgumentParser
import Concord

struct BenchConv: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conv", abstract: "Measures convolutions and their derivatives, of layers of usual networks.")

    @OptionGroup var filter: BenchFilter
    @OptionGroup var options: BenchOptions

    private struct Layer {
        let batch: Int
        let inputs: Int
        let size: Int
        let outputs: Int
        let window: Window2D
        var groups = 1
    }

    /// The blocks and the first layer of a ResNet, the first layer of a LeNet, a pointwise layer, and two depthwise ones.
    private static let layers = [
        Layer(batch: 32, inputs: 64, size: 56, outputs: 64, window: Window2D(size: 3, padding: 1)),
        Layer(batch: 32, inputs: 128, size: 28, outputs: 128, window: Window2D(size: 3, padding: 1)),
        Layer(batch: 32, inputs: 256, size: 14, outputs: 256, window: Window2D(size: 3, padding: 1)),
        Layer(batch: 32, inputs: 512, size: 7, outputs: 512, window: Window2D(size: 3, padding: 1)),
        Layer(batch: 32, inputs: 3, size: 224, outputs: 64, window: Window2D(size: 7, stride: 2, padding: 3)),
        Layer(batch: 64, inputs: 1, size: 28, outputs: 32, window: Window2D(size: 5)),
        Layer(batch: 32, inputs: 256, size: 56, outputs: 64, window: Window2D(size: 1)),
        Layer(batch: 32, inputs: 144, size: 56, outputs: 144, window: Window2D(size: 3, padding: 1), groups: 144),
        Layer(batch: 32, inputs: 240, size: 14, outputs: 240, window: Window2D(size: 5, padding: 2), groups: 240),
    ]

    func run() throws {
        let cases = BenchConv.layers.flatMap { layer in
            Conv2D.Pass.allCases.map { pass in
                let convolution = Conv2D(
                    pass, batch: layer.batch, inputHeight: layer.size, inputWidth: layer.size,
                    inputChannels: layer.inputs, outputChannels: layer.outputs, window: layer.window,
                    groups: layer.groups)
                let input = BenchOperand.numbers(convolution.inputCount)
                let output = BenchOperand.numbers(convolution.outputCount)
                let weights = BenchOperand.numbers(convolution.filterCount)
                let operands =
                    switch pass {
                    case .forward: [input, weights, output]
                    case .dataGradient: [output, weights, input]
                    case .weightGradient: [input, output, weights]
                    }
                return BenchCase(
                    operation: "conv \(pass)", shape: convolution.sizes, primitive: .conv2D(convolution),
                    operands: operands)
            }
        }
        try OperationBench.run(filter(cases), options)
    }
}
