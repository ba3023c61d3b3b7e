import Compute

/// Pooling: common windows, padding on one side, ties, infinities and NaN, and the derivatives with overlapping windows.
enum Pool2DCases {
    static var all: [ConformanceCase] {
        shapes.flatMap { shape in
            forward(shape) + gradients(shape)
        }
    }

    private struct Shape {
        var name: String
        var batch = 2
        var height: Int
        var width: Int
        var channels: Int
        var window: Window2D
    }

    /// What an input of a maximum pooling is made of.
    private enum Values: String, CaseIterable, Sendable { case random, ties, negative, special }

    private static let shapes = [
        Shape(name: "2x2", height: 32, width: 32, channels: 10, window: Window2D(size: 2, stride: 2)),
        Shape(name: "2x2 odd image", height: 7, width: 9, channels: 17, window: Window2D(size: 2, stride: 2)),
        Shape(
            name: "3x3 stride 2", height: 13, width: 12, channels: 33, window: Window2D(size: 3, stride: 2, padding: 1)),
        Shape(name: "3x3 stride 1", height: 6, width: 5, channels: 3, window: Window2D(size: 3, padding: 1)),
        Shape(name: "global", height: 7, width: 7, channels: 65, window: Window2D(size: 7)),
        Shape(name: "global 33x17", height: 33, width: 17, channels: 16, window: Window2D(height: 33, width: 17)),
        Shape(name: "one pixel", batch: 1, height: 1, width: 1, channels: 1, window: Window2D(size: 1)),
        Shape(
            name: "one pixel in padding", batch: 3, height: 1, width: 1, channels: 1,
            window: Window2D(size: 3, padding: 1)),
        Shape(
            name: "asymmetric", height: 8, width: 10, channels: 5,
            window: Window2D(
                height: 3, width: 4, strideHeight: 2, strideWidth: 3, paddingTop: 0, paddingBottom: 2, paddingLeft: 3,
                paddingRight: 1)),
        Shape(
            name: "stride beyond window", height: 11, width: 10, channels: 20,
            window: Window2D(height: 1, width: 2, strideHeight: 2, strideWidth: 3)),
        Shape(
            name: "many channels", batch: 1, height: 4, width: 4, channels: 1000, window: Window2D(size: 2, stride: 2)),
        Shape(
            name: "large", batch: 4, height: 56, width: 56, channels: 16,
            window: Window2D(size: 3, stride: 2, padding: 1)),
    ]

    private static func pool(
        _ kind: Pool2D.Kind, _ pass: Pool2D.Pass, _ shape: Shape, countsPadding: Bool = false, tasks: Int = 1
    ) -> Pool2D {
        Pool2D(
            kind, pass, batch: shape.batch, inputHeight: shape.height, inputWidth: shape.width,
            channels: shape.channels, window: shape.window, countsPadding: countsPadding, tasks: tasks)
    }

    private static func forward(_ shape: Shape) -> [ConformanceCase] {
        let maximum = Values.allCases.map { values in
            let pool = pool(.maximum, .forward, shape)
            return ConformanceCase("Pool2D", "\(shape.name) maximum \(values)", .pool2D(pool)) { data in
                let input = input(of: pool, values, &data)
                let (output, winners) = Reference.maximumPool(pool, input: input)
                var trial = Trial(.pool2D(pool))
                trial.input("input", input)
                trial.output("output", output)
                trial.output("winners", integers: winners)
                return trial
            }
        }
        let average = [false, true].map { countsPadding in
            let pool = pool(.average, .forward, shape, countsPadding: countsPadding)
            let name = "\(shape.name) average\(countsPadding ? " with padding" : "")"
            return ConformanceCase("Pool2D", name, .pool2D(pool)) { data in
                let input = data.floats(pool.inputCount, in: -3...3)
                var trial = Trial(.pool2D(pool))
                trial.input("input", input)
                trial.output("output", Reference.averagePool(pool, input: input))
                return trial
            }
        }
        return maximum + average
    }

    private static func gradients(_ shape: Shape) -> [ConformanceCase] {
        [1, 3].flatMap { tasks in
            let maximum = pool(.maximum, .gradient, shape, tasks: tasks)
            let averages = [false, true].map { countsPadding in
                let average = pool(.average, .gradient, shape, countsPadding: countsPadding, tasks: tasks)
                let name = "\(shape.name) average\(countsPadding ? " with padding" : "") gradient tasks \(tasks)"
                return ConformanceCase("Pool2D", name, .pool2D(average)) { data in
                    let deltas = data.floats(tasks * average.outputCount)
                    var trial = Trial(.pool2D(average))
                    trial.input("deltas", deltas)
                    trial.output("input gradients", Reference.averagePoolGradient(average, deltas: deltas))
                    return trial
                }
            }
            let name = "\(shape.name) maximum gradient tasks \(tasks)"
            return averages + [
                ConformanceCase("Pool2D", name, .pool2D(maximum)) { data in
                    let deltas = data.floats(tasks * maximum.outputCount)
                    let input = data.halves(maximum.inputCount, levels: 8)
                    let winners = Reference.maximumPool(maximum, input: input).winners
                    var trial = Trial(.pool2D(maximum))
                    trial.input("deltas", deltas)
                    trial.input("winners", integers: winners)
                    trial.output(
                        "input gradients",
                        Reference.maximumPoolGradient(maximum, deltas: deltas, winners: winners))
                    return trial
                }
            ]
        }
    }

    private static func input(of pool: Pool2D, _ values: Values, _ data: inout CaseData) -> [Float] {
        switch values {
        case .random: data.floats(pool.inputCount)
        case .ties: data.halves(pool.inputCount)
        // Padding would win if it counted as zero.
        case .negative: data.floats(pool.inputCount, in: -9 ... -5)
        case .special:
            data.floats(pool.inputCount).map { value in
                value > 0.9 ? .nan : value > 0.8 ? .infinity : value < -0.3 ? -.infinity : value
            }
        }
    }
}
