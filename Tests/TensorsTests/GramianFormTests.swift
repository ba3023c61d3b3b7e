import Compute
import Tensors
import TestDevices
import Testing

/// A layer whose weight gradients are also computed by plain loops in Float64.
private struct Layer: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// `[samples, features]` or an image.
    let input: Shape
    let outputs: Int
    /// Nil for a connected layer.
    var window: Window2D?
    var groups = 1

    static let all = [
        Layer(testDescription: "connected, more inputs than rows", input: [5, 33], outputs: 7),
        Layer(testDescription: "connected, more rows than inputs", input: [65, 3], outputs: 17),
        Layer(testDescription: "convolution", input: [3, 5, 6, 4], outputs: 9, window: Window2D(size: 3, padding: 1)),
        Layer(
            testDescription: "strided convolution", input: [2, 7, 8, 3], outputs: 5,
            window: Window2D(
                height: 3, width: 2, strideHeight: 2, strideWidth: 3, dilationHeight: 2, paddingTop: 1, paddingBottom: 0,
                paddingLeft: 0, paddingRight: 2)),
        Layer(
            testDescription: "grouped convolution", input: [2, 5, 5, 6], outputs: 9,
            window: Window2D(size: 3, stride: 2, padding: 1), groups: 3),
        Layer(
            testDescription: "depthwise convolution", input: [2, 6, 5, 8], outputs: 8,
            window: Window2D(size: 3, padding: 1), groups: 8),
        Layer(testDescription: "pointwise convolution", input: [2, 3, 4, 17], outputs: 5, window: Window2D(size: 1)),
        Layer(
            testDescription: "strided pointwise convolution", input: [2, 5, 4, 17], outputs: 5,
            window: Window2D(size: 1, stride: 2)),
    ]

    var weightShape: Shape {
        let channels = input[input.rank - 1]
        return window.map { [$0.height, $0.width, channels / groups, outputs] } ?? [channels, outputs]
    }

    /// Numbers of ±(0.25…1), whose sums do not cancel by chance.
    static func values(_ shape: Shape, _ name: String) -> [Float] {
        var generator = Philox(seed: 21, stream: name)
        return (0..<shape.count).map { _ in
            let word: UInt64 = generator.next()
            let magnitude = 0.25 + 0.75 * Float(word >> 40) * 0x1p-24
            return word & 1 == 0 ? magnitude : -magnitude
        }
    }

    /// The gradient of the weight for the losses `Σ output∘deltas[k]`.
    func gradient(tasks: Int, on device: any Device) throws -> any ParameterGradient {
        let input = try Tensor(Layer.values(input, "input"), shape: input, on: device)
        let tape = Tape()
        let weight = tape.watch(
            try Tensor(Layer.values(weightShape, "weight"), shape: weightShape, on: device), as: 0)
        let output =
            try window.map { try input.conv2D(filter: weight, window: $0, groups: groups) } ?? input.linear(weight: weight)
        let seeds = try (0..<tasks).map { task in
            let deltas = try Tensor(Layer.values(output.shape, "deltas \(task)"), shape: output.shape, on: device)
            return Seed(try (output * deltas).sum(), task: task)
        }
        let leaf = try #require(try tape.backward(from: seeds)[0])
        #expect(leaf.contributions.count == 1)
        return leaf.contributions[0].gradient
    }

    /// The same in Float64.
    func expectedRows(tasks: Int) -> [[Double]] {
        let values = Layer.values(input, "input").map(Double.init)
        let window = window ?? Window2D(size: 1)
        let image: Shape = self.window == nil ? [input[0], 1, 1, input[1]] : input
        let channels = image[3] / groups
        let (height, width) = (window.outputHeight(image[1]), window.outputWidth(image[2]))
        let output: Shape = self.window == nil ? [image[0], outputs] : [image[0], height, width, outputs]
        return (0..<tasks).map { task in
            let deltas = Layer.values(output, "deltas \(task)").map(Double.init)
            var gradient = [Double](repeating: 0, count: weightShape.count)
            for sample in 0..<image[0] {
                for y in 0..<height {
                    for x in 0..<width {
                        for row in 0..<window.height {
                            for column in 0..<window.width {
                                let inputY = y * window.strideHeight + row * window.dilationHeight - window.paddingTop
                                let inputX = x * window.strideWidth + column * window.dilationWidth - window.paddingLeft
                                guard (0..<image[1]).contains(inputY), (0..<image[2]).contains(inputX) else { continue }
                                for channel in 0..<channels {
                                    for out in 0..<outputs {
                                        let group = out / (outputs / groups)
                                        let pixel = (sample * image[1] + inputY) * image[2] + inputX
                                        let position = (sample * height + y) * width + x
                                        gradient[((row * window.width + column) * channels + channel) * outputs + out] +=
                                            values[pixel * image[3] + group * channels + channel]
                                            * deltas[position * outputs + out]
                                    }
                                }
                            }
                        }
                    }
                }
            }
            return gradient
        }
    }
}

/// The inner products of two stacks of vectors as a device computes them, added in Float64.
private func products(_ factors: InnerProductFactors) throws -> [Double] {
    let rows = factors.left.shape[0]
    let primitive = Gramian(rows: rows, columns: factors.left.count / rows, stride: factors.left.count / rows)
    let device = factors.left.device
    let sums = try Tensor(uninitialized: [primitive.tiles, rows * rows], on: device)
    try device.encode(.gramian(primitive), [factors.left.storage, factors.right.storage, sums.storage])
    var total = [Double](repeating: 0, count: rows * rows)
    for (index, value) in try sums.floats().enumerated() { total[index % total.count] += Double(value) }
    return total
}

private func gramian(_ rows: [[Double]]) -> [Double] {
    rows.flatMap { row in rows.map { other in zip(row, other).reduce(0) { $0 + $1.0 * $1.1 } } }
}

/// Compares inner products, each relative to the lengths of its two vectors.
private func expectEqual(
    _ found: [Double], _ expected: [Double], tasks: Int, relative: Double, _ comment: Comment,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    for row in 0..<tasks {
        for column in 0..<tasks {
            let scale = (expected[row * tasks + row] * expected[column * tasks + column]).squareRoot()
            let difference = abs(found[row * tasks + column] - expected[row * tasks + column])
            #expect(
                difference <= relative * scale, "\(comment), \(row) and \(column): off by \(difference / scale)",
                sourceLocation: sourceLocation)
        }
    }
}

@Suite("Forms of the Gramian") struct GramianFormTests {
    @Test(
        "deltas, rows, rows in slices and Float64 give the same inner products", arguments: TestDevice.available,
        Layer.all)
    private func formsAgree(device: TestDevice, layer: Layer) throws {
        let device = try device.make()
        for tasks in [1, 2, 5, 8] {
            let expected = layer.expectedRows(tasks: tasks)
            let gradient = try layer.gradient(tasks: tasks, on: device)
            let size = try #require(gradient.outerProduct)
            #expect(size.count == layer.weightShape.count && size.tasks == tasks)

            let rows = try Tensor(uninitialized: [tasks, size.count], on: device)
            try gradient.writeRows(to: rows.storage, stride: size.count, accumulate: false)
            let direct = try products(InnerProductFactors(rows: rows))
            let deltas = try products(gradient.deltaForm())
            let reference = gramian(expected)
            expectEqual(direct, reference, tasks: tasks, relative: 1e-6, "\(tasks) tasks, direct form")
            expectEqual(deltas, reference, tasks: tasks, relative: 1e-6, "\(tasks) tasks, delta form")
            expectEqual(deltas, direct, tasks: tasks, relative: 1e-6, "\(tasks) tasks, both forms")

            if size.groups == 1 {
                let border = size.outputs / 2
                var sum = [Double](repeating: 0, count: tasks * tasks)
                for slice in [0..<border, border..<size.outputs] {
                    let columns = size.inputs * slice.count
                    let part = try Tensor(uninitialized: [tasks, columns], on: device)
                    try gradient.sliced(outputs: slice).writeRows(to: part.storage, stride: columns, accumulate: false)
                    sum = zip(sum, try products(InnerProductFactors(rows: part))).map(+)
                }
                expectEqual(sum, reference, tasks: tasks, relative: 1e-6, "\(tasks) tasks, slices")
            }

            let weights = (0..<tasks).map { Float($0) - 1.5 }
            let total = try Tensor(uninitialized: [size.count], on: device)
            try gradient.weighted(by: Tensor(weights, shape: [tasks], on: device))
                .writeRows(to: total.storage, stride: size.count, accumulate: false)
            let scale = expected.joined().reduce(0) { max($0, abs($1)) } * Double(tasks)
            for (index, value) in try total.floats().enumerated() {
                let exact = zip(weights, expected).reduce(0) { $0 + Double($1.0) * $1.1[index] }
                #expect(abs(Double(value) - exact) <= 2e-6 * scale)
            }
        }
    }

    @Test("a layer of 2.4 million parameters is within 1e-7 of Float64", arguments: TestDevice.available)
    func largeLayer(device: TestDevice) throws {
        let layer = Layer(testDescription: "large", input: [16, 1536], outputs: 1563)
        let expected = gramian(layer.expectedRows(tasks: 2))
        let gradient = try layer.gradient(tasks: 2, on: device.make())
        let size = try #require(gradient.outerProduct)
        #expect(size.count > 2_400_000 && size.form == .deltas)
        let rows = try Tensor(uninitialized: [2, size.count], on: gradient.deltaForm().left.device)
        try gradient.writeRows(to: rows.storage, stride: size.count, accumulate: false)
        expectEqual(
            try products(InnerProductFactors(rows: rows)), expected, tasks: 2, relative: 1e-7, "direct form")
        expectEqual(try products(gradient.deltaForm()), expected, tasks: 2, relative: 1e-7, "delta form")
    }
}

/// The gradient of a table of embeddings, whose delta form adds up the rows that a batch names.
@Suite("Gramian of embeddings") struct EmbeddingGramianTests {
    @Test("inner products and weighted gradient without the table's rows", arguments: TestDevice.available)
    func compact(device: TestDevice) throws {
        let device = try device.make()
        let (vocabulary, width, tasks) = (301, 5, 3)
        let indices: [Int32] = [7, 7, 0, 300, 12, 7, 0, 45, 12, 9, 9, 9]
        let shape: Shape = [indices.count, width]
        let tape = Tape()
        let table = tape.watch(
            try Tensor(Layer.values([vocabulary, width], "table"), shape: [vocabulary, width], on: device), as: 0)
        let output = try table.embedding(Tensor(indices, shape: [indices.count], on: device))
        let deltas = (0..<tasks).map { Layer.values(shape, "deltas \($0)") }
        let seeds = try deltas.enumerated().map { task, values in
            Seed(try (output * Tensor(values, shape: shape, on: device)).sum(), task: task)
        }
        let gradient = try #require(try tape.backward(from: seeds)[0]).contributions[0].gradient
        #expect(gradient.outerProduct?.form == .deltas)

        // In Float64, a dictionary per task.
        let rows = deltas.map { values in
            var rows = [Double](repeating: 0, count: vocabulary * width)
            for (place, index) in indices.enumerated() {
                for column in 0..<width { rows[Int(index) * width + column] += Double(values[place * width + column]) }
            }
            return rows
        }
        let factors = try gradient.deltaForm()
        let (left, right) = (try factors.left.floats(), try factors.right.floats())
        let size = shape.count
        for k in 0..<tasks {
            for l in 0..<tasks {
                let expected = zip(rows[k], rows[l]).reduce(0) { $0 + $1.0 * $1.1 }
                let found = (0..<size).reduce(0) { $0 + Double(left[k * size + $1]) * Double(right[l * size + $1]) }
                #expect(abs(found - expected) < 1e-5 * Double(size), "\(k), \(l)")
            }
        }

        let weights: [Float] = [0.5, -2, 1.25]
        let target = try Tensor(uninitialized: [vocabulary, width], on: device)
        try gradient.weighted(by: Tensor(weights, shape: [tasks], on: device))
            .writeRows(to: target.storage, stride: vocabulary * width, accumulate: false)
        for (index, value) in try target.floats().enumerated() {
            let expected = (0..<tasks).reduce(0) { $0 + Double(weights[$1]) * rows[$1][index] }
            #expect(abs(Double(value) - expected) < 1e-5)
        }
    }
}
