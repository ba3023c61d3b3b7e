import ArgumentParser
import Concord

struct BenchConv: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conv", abstract: "Measures convolutions and their derivatives, as in the standard workloads.")

    @OptionGroup var options: BenchOptions

    private struct Layer {
        let batch: Int
        let size: Int
        let inputs: Int
        let outputs: Int
        let window: Window2D
    }

    /// Of LeNet and ResNet-18, and a pointwise one.
    private static let layers = [
        Layer(batch: 256, size: 36, inputs: 1, outputs: 10, window: Window2D(size: 5)),
        Layer(batch: 256, size: 16, inputs: 10, outputs: 20, window: Window2D(size: 5)),
        Layer(batch: 32, size: 64, inputs: 3, outputs: 64, window: Window2D(size: 7, stride: 2, padding: 3)),
        Layer(batch: 32, size: 16, inputs: 64, outputs: 64, window: Window2D(size: 3, padding: 1)),
        Layer(batch: 32, size: 8, inputs: 128, outputs: 128, window: Window2D(size: 3, padding: 1)),
        Layer(batch: 32, size: 4, inputs: 256, outputs: 256, window: Window2D(size: 3, padding: 1)),
        Layer(batch: 32, size: 16, inputs: 64, outputs: 256, window: Window2D(size: 1)),
    ]

    func run() throws {
        let cases = BenchConv.layers.flatMap { layer in
            Conv2D.Pass.allCases.map { pass in
                let convolution = Conv2D(
                    pass, batch: layer.batch, inputHeight: layer.size, inputWidth: layer.size,
                    inputChannels: layer.inputs, outputChannels: layer.outputs, window: layer.window)
                let (input, output, filter) = (
                    convolution.inputCount, convolution.outputCount, convolution.filterCount
                )
                let operands =
                    switch pass {
                    case .forward: [input, filter, output]
                    case .dataGradient: [output, filter, input]
                    case .weightGradient: [input, output, filter]
                    }
                return BenchCase(
                    operation: "conv \(pass)",
                    shape: "\(layer.batch)x\(layer.size)x\(layer.size)x\(layer.inputs) to \(layer.outputs), "
                        + "\(layer.window.height)x\(layer.window.width)/\(layer.window.strideHeight)",
                    primitive: .conv2D(convolution),
                    operands: operands)
            }
        }
        try OperationBench.run(cases, options)
    }
}
