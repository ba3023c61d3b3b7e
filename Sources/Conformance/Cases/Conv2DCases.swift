import Compute

/// Convolutions: layers of known networks on small images, every option by itself, and a sample of all combinations, each
/// in all three passes.
enum Conv2DCases {
    static var all: [ConformanceCase] { layers + options + sampled }

    private struct Layer {
        var name: String
        var batch = 2
        var height: Int
        var width: Int
        var inputs: Int
        var outputs: Int
        var window: Window2D
        var groups = 1
    }

    private static var layers: [ConformanceCase] {
        [
            Layer(
                name: "LeNet conv1", batch: 3, height: 36, width: 36, inputs: 1, outputs: 10, window: Window2D(size: 5)),
            Layer(name: "LeNet conv2", height: 14, width: 14, inputs: 10, outputs: 20, window: Window2D(size: 5)),
            Layer(
                name: "ResNet stem", height: 20, width: 20, inputs: 3, outputs: 64,
                window: Window2D(size: 7, stride: 2, padding: 3)),
            Layer(
                name: "ResNet 3x3", height: 8, width: 8, inputs: 64, outputs: 64, window: Window2D(size: 3, padding: 1)),
            Layer(
                name: "ResNet 3x3 stride 2", height: 9, width: 8, inputs: 32, outputs: 48,
                window: Window2D(size: 3, stride: 2, padding: 1)),
            Layer(
                name: "ResNet projection", height: 8, width: 8, inputs: 32, outputs: 64,
                window: Window2D(size: 1, stride: 2)),
            Layer(name: "pointwise", height: 7, width: 9, inputs: 48, outputs: 65, window: Window2D(size: 1)),
            Layer(
                name: "depthwise 3x3", height: 9, width: 9, inputs: 33, outputs: 33,
                window: Window2D(size: 3, padding: 1), groups: 33),
            Layer(
                name: "depthwise 3x3 stride 2", height: 10, width: 9, inputs: 32, outputs: 32,
                window: Window2D(size: 3, stride: 2, padding: 1), groups: 32),
            Layer(
                name: "depthwise 5x5", height: 11, width: 8, inputs: 20, outputs: 20,
                window: Window2D(size: 5, padding: 2), groups: 20),
            Layer(
                name: "depthwise 5x5 stride 2", height: 12, width: 19, inputs: 48, outputs: 48,
                window: Window2D(size: 5, stride: 2, padding: 2), groups: 48),
            Layer(
                name: "depthwise 7x7", height: 9, width: 15, inputs: 16, outputs: 16,
                window: Window2D(size: 7, padding: 3), groups: 16),
            Layer(
                name: "depthwise multiplier 2", height: 7, width: 7, inputs: 10, outputs: 20,
                window: Window2D(size: 3, padding: 1), groups: 10),
            Layer(
                name: "ResNeXt groups", height: 6, width: 6, inputs: 32, outputs: 64,
                window: Window2D(size: 3, padding: 1), groups: 4),
            Layer(
                name: "long runs", height: 12, width: 20, inputs: 15, outputs: 20,
                window: Window2D(size: 7, stride: 2, padding: 3)),
            Layer(
                name: "wide image", batch: 1, height: 3, width: 257, inputs: 3, outputs: 17,
                window: Window2D(size: 3, padding: 1)),
            Layer(
                name: "whole image", batch: 3, height: 5, width: 5, inputs: 16, outputs: 33, window: Window2D(size: 5)),
            Layer(
                name: "single element", batch: 1, height: 1, width: 1, inputs: 1, outputs: 1, window: Window2D(size: 1)),
            Layer(
                name: "pixel in padding", batch: 1, height: 1, width: 1, inputs: 3, outputs: 5,
                window: Window2D(size: 3, padding: 1)),
            Layer(
                name: "dilation", height: 13, width: 12, inputs: 5, outputs: 7,
                window: Window2D(size: 3, dilation: 2, padding: 2)),
            Layer(
                name: "asymmetric padding", height: 7, width: 6, inputs: 3, outputs: 16,
                window: Window2D(
                    height: 3, width: 2, strideHeight: 2, strideWidth: 1, paddingTop: 0, paddingBottom: 1,
                    paddingLeft: 2, paddingRight: 0)),
            Layer(
                name: "one channel, axes differ", height: 11, width: 30, inputs: 1, outputs: 16,
                window: Window2D(
                    height: 3, width: 5, strideHeight: 2, strideWidth: 1, dilationHeight: 2, dilationWidth: 2,
                    paddingTop: 1, paddingBottom: 0, paddingLeft: 3, paddingRight: 1)),
            Layer(
                name: "stride beyond window", height: 11, width: 10, inputs: 5, outputs: 5,
                window: Window2D(height: 2, width: 1, strideHeight: 3, strideWidth: 4)),
            Layer(
                name: "axes differ", height: 12, width: 9, inputs: 4, outputs: 6,
                window: Window2D(
                    height: 1, width: 5, strideHeight: 1, strideWidth: 2, dilationHeight: 3, dilationWidth: 2,
                    paddingTop: 2, paddingBottom: 1, paddingLeft: 3, paddingRight: 4),
                groups: 2),
        ].flatMap { layer in
            Conv2D.Pass.allCases.map { pass in
                make(conv(pass, of: layer, tasks: pass == .weightGradient ? 2 : 1), name: layer.name)
            }
        }
    }

    private static func conv(
        _ pass: Conv2D.Pass, of layer: Layer, tasks: Int = 1, accumulate: Bool = false, bias: Bool = false,
        activation: Activation = .none
    ) -> Conv2D {
        Conv2D(
            pass, batch: layer.batch, inputHeight: layer.height, inputWidth: layer.width, inputChannels: layer.inputs,
            outputChannels: layer.outputs, window: layer.window, groups: layer.groups, tasks: tasks,
            accumulate: accumulate, bias: bias, activation: activation)
    }

    /// Bias, activations, accumulation and tasks on one layer of every kind.
    private static var options: [ConformanceCase] {
        [
            Layer(name: "3x3", height: 6, width: 5, inputs: 17, outputs: 33, window: Window2D(size: 3, padding: 1)),
            Layer(name: "1x1", height: 5, width: 7, inputs: 33, outputs: 20, window: Window2D(size: 1)),
            Layer(name: "one channel", height: 9, width: 8, inputs: 1, outputs: 10, window: Window2D(size: 5)),
            Layer(
                name: "one channel along rows", height: 6, width: 25, inputs: 1, outputs: 10,
                window: Window2D(size: 5, padding: 2)),
            Layer(
                name: "depthwise", height: 6, width: 7, inputs: 17, outputs: 17,
                window: Window2D(size: 3, stride: 2, padding: 1), groups: 17),
            Layer(
                name: "depthwise 32", height: 6, width: 9, inputs: 32, outputs: 32,
                window: Window2D(size: 3, padding: 1), groups: 32),
            Layer(
                name: "groups", height: 5, width: 6, inputs: 12, outputs: 9, window: Window2D(size: 3, dilation: 2),
                groups: 3),
        ].flatMap { layer in
            [
                make(conv(.forward, of: layer, bias: true), name: layer.name),
                make(conv(.forward, of: layer, activation: .relu), name: layer.name),
                make(conv(.forward, of: layer, bias: true, activation: .relu), name: layer.name),
                make(conv(.forward, of: layer, bias: true, activation: .relu6), name: layer.name),
                make(conv(.dataGradient, of: layer, accumulate: true), name: layer.name),
                make(conv(.weightGradient, of: layer), name: layer.name),
                make(conv(.weightGradient, of: layer, accumulate: true), name: layer.name),
                make(conv(.weightGradient, of: layer, tasks: 3, accumulate: true), name: layer.name),
            ]
        }
    }

    private static var sampled: [ConformanceCase] {
        var data = CaseData(stream: "Conv2D combinations")
        return (0..<48).flatMap { index in
            var window = Window2D(size: data.element(of: [1, 3, 5]), stride: data.element(of: [1, 1, 2, 3]))
            window.dilationHeight = data.element(of: [1, 1, 2])
            window.dilationWidth = data.element(of: [1, window.dilationHeight])
            window.strideWidth = data.element(of: [1, window.strideHeight])
            window.width = data.element(of: [window.height, window.height, 2])
            window.paddingTop = data.element(of: [0, 1, 2])
            window.paddingBottom = data.element(of: [window.paddingTop, 0, 1])
            window.paddingLeft = data.element(of: [window.paddingTop, 0, 1])
            window.paddingRight = data.element(of: [window.paddingLeft, 2])
            let channels = [1, 3, 10, 16, 20, 33, 48, 65]
            var (inputs, outputs) = (data.element(of: channels), data.element(of: channels))
            var groups = 1
            switch data.integer(below: 4) {
            case 0: (outputs, groups) = (inputs * data.element(of: [1, 1, 2]), inputs)
            case 1: (inputs, outputs, groups) = (3 * data.element(of: [1, 4, 8]), 3 * data.element(of: [1, 5, 16]), 3)
            default: break
            }
            // The smallest image that holds the dilated window, and up to seven more.
            let height = max(window.dilationHeight * (window.height - 1) + 1 - window.paddingTop, 1)
            let width = max(window.dilationWidth * (window.width - 1) + 1 - window.paddingLeft, 1)
            let layer = Layer(
                name: "sample \(index)", batch: 1 + data.integer(below: 3), height: height + data.integer(below: 8),
                width: width + data.integer(below: 8), inputs: inputs, outputs: outputs, window: window, groups: groups)
            let activation = data.element(of: [Activation.none, .relu, .relu6])
            return [
                make(
                    conv(.forward, of: layer, bias: data.element(of: [true, false]), activation: activation),
                    name: layer.name),
                make(conv(.dataGradient, of: layer, accumulate: data.element(of: [true, false])), name: layer.name),
                make(
                    conv(
                        .weightGradient, of: layer, tasks: data.element(of: [1, 3]),
                        accumulate: data.element(of: [true, false])),
                    name: layer.name),
            ]
        }
    }

    private static func make(_ conv: Conv2D, name: String) -> ConformanceCase {
        var name = "\(name) \(conv.pass)"
        if conv.tasks > 1 { name += " tasks \(conv.tasks)" }
        if conv.accumulate { name += " accumulate" }
        if conv.bias { name += " bias" }
        if conv.activation != .none { name += " \(conv.activation)" }
        return ConformanceCase("Conv2D", name, .conv2D(conv)) { data in trial(conv, &data) }
    }

    private static func trial(_ conv: Conv2D, _ data: inout CaseData) -> Trial {
        var trial = Trial(.conv2D(conv))
        switch conv.pass {
        case .forward:
            let input = data.floats(conv.inputCount, in: -2...2)
            let filter = data.floats(conv.filterCount)
            let bias = conv.bias ? data.floats(conv.outputChannels, in: -3...3) : nil
            trial.input("input", input)
            trial.input("filter", filter)
            trial.output("output", Reference.conv2DForward(conv, input: input, filter: filter, bias: bias))
            if let bias { trial.input("bias", bias) }
        case .dataGradient:
            let deltas = data.floats(conv.outputCount)
            let filter = data.floats(conv.filterCount)
            let previous = conv.accumulate ? data.floats(conv.inputCount) : nil
            trial.input("deltas", deltas)
            trial.input("filter", filter)
            trial.output(
                "input gradient",
                Reference.conv2DDataGradient(conv, deltas: deltas, filter: filter, previous: previous),
                contents: previous)
        case .weightGradient:
            let input = data.floats(conv.inputCount)
            let deltas = data.floats(conv.tasks * conv.outputCount)
            let previous = conv.accumulate ? data.floats(conv.tasks * conv.filterCount) : nil
            trial.input("input", input)
            trial.input("deltas", deltas)
            trial.output(
                "filter gradients",
                Reference.conv2DWeightGradient(conv, input: input, deltas: deltas, previous: previous),
                contents: previous)
        }
        return trial
    }
}
