import ArgumentParser
import Concord
import Foundation

/// Measures both forms of a layer's share in the Gramian, from which the constants of the cost model come.
struct BenchGramian: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gramian",
        abstract: "Measures a layer's inner products of task gradients, from gradients and from deltas.")

    @OptionGroup var options: BenchOptions

    private struct Layer {
        let name: String
        let tasks: Int
        /// `[samples, features]` or an image.
        let input: Shape
        let outputs: Int
        /// Nil for a connected layer.
        var window: Window2D?
    }

    private struct Result: Encodable {
        let layer: String
        let device: String
        let tasks: Int
        let rows: Int
        let inputs: Int
        let outputs: Int
        /// Medians of the inner products and the weighted gradient in both forms.
        let directMilliseconds: Double
        /// Nil where positions by positions would not fit; nobody would choose that.
        let deltaMilliseconds: Double?
        /// The costs of the two forms as the cost model has them, the first over the second.
        let expectedRatio: Double
        let chosen: String
    }

    private static let mostRows = 4096
    private static let pointwise = Window2D(size: 1, stride: 2)
    private static let small = Window2D(size: 3, padding: 1)
    private static let halving = Window2D(size: 3, stride: 2, padding: 1)

    /// The layers of the standard workloads.
    private static let layers = [
        Layer(name: "lenet conv1", tasks: 2, input: [256, 36, 36, 1], outputs: 10, window: Window2D(size: 5)),
        Layer(name: "lenet conv2", tasks: 2, input: [256, 16, 16, 10], outputs: 20, window: Window2D(size: 5)),
        Layer(name: "lenet fc", tasks: 2, input: [256, 720], outputs: 50),
        Layer(name: "mlp-20 first", tasks: 20, input: [256, 128], outputs: 512),
        Layer(name: "mlp-20 second", tasks: 20, input: [256, 512], outputs: 512),
        Layer(name: "mlp-wide first", tasks: 8, input: [16, 256], outputs: 1024),
        Layer(name: "mlp-wide second", tasks: 8, input: [16, 1024], outputs: 1024),
        Layer(name: "resnet18 layer2.1", tasks: 8, input: [32, 8, 8, 128], outputs: 128, window: small),
        Layer(name: "resnet18 layer3.0", tasks: 8, input: [32, 8, 8, 128], outputs: 256, window: halving),
        Layer(name: "resnet18 layer3 shortcut", tasks: 8, input: [32, 8, 8, 128], outputs: 256, window: pointwise),
        Layer(name: "resnet18 layer3.1", tasks: 8, input: [32, 4, 4, 256], outputs: 256, window: small),
        Layer(name: "resnet18 layer4.0", tasks: 8, input: [32, 4, 4, 256], outputs: 512, window: halving),
        Layer(name: "resnet18 layer4 shortcut", tasks: 8, input: [32, 4, 4, 256], outputs: 512, window: pointwise),
        Layer(name: "resnet18 layer4.1", tasks: 8, input: [32, 2, 2, 512], outputs: 512, window: small),
    ]

    func run() throws {
        let device = try DeviceChoice(request: options.device).device
        var table = TextTable([
            ("layer", .left), ("tasks", .right), ("rows", .right), ("inputs", .right), ("outputs", .right),
            ("direct ms", .right), ("deltas ms", .right), ("ratio", .right), ("expected", .right), ("chosen", .left),
        ])
        for layer in BenchGramian.layers {
            let result = try measure(layer, on: device)
            if options.json { try JSONOutput.print(result) }
            table.add([
                result.layer, "\(result.tasks)", "\(result.rows)", "\(result.inputs)", "\(result.outputs)",
                String(format: "%.3f", result.directMilliseconds),
                result.deltaMilliseconds.map { String(format: "%.3f", $0) } ?? "",
                result.deltaMilliseconds.map { String(format: "%.2f", result.directMilliseconds / $0) } ?? "",
                String(format: "%.2f", result.expectedRatio), result.chosen,
            ])
        }
        if !options.json { print("\(device.information.identifier)\n\(table.text)") }
    }

    private func measure(_ layer: Layer, on device: any Device) throws -> Result {
        let gradient = try gradient(of: layer, on: device)
        guard let size = gradient.outerProduct else { preconditionFailure("\(layer.name) is not an outer product") }
        let weights = try Tensor.filled(with: 0.5, [layer.tasks], on: device)
        let sum = try Tensor(uninitialized: [size.count], on: device)
        let direct = try Timing(on: device, minimumSamples: 3, seconds: 0.2) {
            let rows = try Tensor(uninitialized: [layer.tasks, size.count], on: device)
            try gradient.writeRows(to: rows.storage, stride: size.count, accumulate: false)
            try multiply(InnerProductFactors(rows: rows), on: device)
            if size.favorsKeepingRows {
                try DenseGradient(rows: rows).weighted(by: weights).writeRows(
                    to: sum.storage, stride: size.count, accumulate: false)
            } else {
                try gradient.weighted(by: weights).writeRows(to: sum.storage, stride: size.count, accumulate: false)
            }
        }
        let deltas =
            size.rows > BenchGramian.mostRows
            ? nil
            : try Timing(on: device, minimumSamples: 3, seconds: 0.2) {
                try multiply(gradient.deltaForm(), on: device)
                try gradient.weighted(by: weights).writeRows(to: sum.storage, stride: size.count, accumulate: false)
            }
        return Result(
            layer: layer.name, device: device.information.identifier, tasks: size.tasks, rows: size.rows,
            inputs: size.inputs, outputs: size.outputs, directMilliseconds: direct.median * 1e3,
            deltaMilliseconds: deltas.map { $0.median * 1e3 },
            expectedRatio: Double(size.directCost) / Double(size.deltaCost), chosen: "\(size.form)")
    }

    private func multiply(_ factors: InnerProductFactors, on device: any Device) throws {
        let rows = factors.left.shape[0]
        let columns = factors.left.count / rows
        let gramian = Gramian(rows: rows, columns: columns, stride: columns)
        let sums = try Tensor(uninitialized: [gramian.tiles, rows, rows], on: device)
        try device.encode(.gramian(gramian), [factors.left.storage, factors.right.storage, sums.storage])
    }

    /// The gradient of the layer's weight for random inputs and deltas.
    private func gradient(of layer: Layer, on device: any Device) throws -> any ParameterGradient {
        let stream = Philox.stream(named: "bench.gramian")
        func random(_ shape: Shape, _ seed: UInt64) throws -> Tensor {
            try Tensor.normal(shape, random: RandomPosition(seed: seed, stream: stream), on: device)
        }
        let input = try random(layer.input, 0)
        let channels = layer.input[layer.input.rank - 1]
        let tape = Tape()
        let output: Tensor
        if let window = layer.window {
            let filter = try random([window.height, window.width, channels, layer.outputs], 1)
            output = try input.conv2D(filter: tape.watch(filter, as: 0), window: window)
        } else {
            output = try input.linear(weight: tape.watch(try random([channels, layer.outputs], 1), as: 0))
        }
        let seeds = try (0..<layer.tasks).map { task in
            Seed(try (output * random(output.shape, UInt64(2 + task))).sum(), task: task)
        }
        guard let gradient = try tape.backward(from: seeds)[0]?.contributions.first?.gradient else {
            preconditionFailure("\(layer.name) has no gradient")
        }
        return gradient
    }
}
