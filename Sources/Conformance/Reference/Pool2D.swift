import Compute

extension Reference {
    static func maximumPool(_ pool: Pool2D, input: [Float]) -> (output: [Estimate], winners: [Int32]) {
        var output: [Estimate] = []
        var winners: [Int32] = []
        forEachWindow(of: pool) { _, elements in
            var winner = elements[0]
            for element in elements where !input[winner.index].isNaN {
                if input[element.index] > input[winner.index] || input[element.index].isNaN { winner = element }
            }
            output.append(Estimate(input[winner.index]))
            winners.append(Int32(winner.pixel))
        }
        return (output, winners)
    }

    static func averagePool(_ pool: Pool2D, input: [Float]) -> [Estimate] {
        var output: [Estimate] = []
        forEachWindow(of: pool) { _, elements in
            var sum = Sum()
            for element in elements { sum.add(Estimate(input[element.index])) }
            output.append(sum.total(.sequence) / divisor(of: pool, elements: elements.count))
        }
        return output
    }

    static func maximumPoolGradient(_ pool: Pool2D, deltas: [Float], winners: [Int32]) -> [Estimate] {
        poolGradient(of: pool) { task, output, elements in
            elements.map { element in
                Int32(element.pixel) == winners[output]
                    ? Estimate(deltas[task * pool.outputCount + output]) : nil
            }
        }
    }

    static func averagePoolGradient(_ pool: Pool2D, deltas: [Float]) -> [Estimate] {
        poolGradient(of: pool) { task, output, elements in
            let share = Estimate(deltas[task * pool.outputCount + output]) / divisor(of: pool, elements: elements.count)
            return elements.map { _ in share }
        }
    }

    private static func divisor(of pool: Pool2D, elements: Int) -> Estimate {
        Estimate(Double(pool.countsPadding ? pool.window.height * pool.window.width : elements))
    }

    /// An element of an image under a window: its index in the tensor, and `row * inputWidth + column`.
    private typealias WindowElement = (index: Int, pixel: Int)

    /// Adds what every window gives to its elements.
    private static func poolGradient(
        of pool: Pool2D, contributions: (_ task: Int, _ output: Int, _ elements: [WindowElement]) -> [Estimate?]
    ) -> [Estimate] {
        var sums = [Sum](repeating: Sum(), count: pool.tasks * pool.inputCount)
        for task in 0..<pool.tasks {
            forEachWindow(of: pool) { output, elements in
                for (element, contribution) in zip(elements, contributions(task, output, elements)) {
                    guard let contribution else { continue }
                    sums[task * pool.inputCount + element.index].add(contribution)
                }
            }
        }
        return sums.map { $0.total(.sequence) }
    }

    /// Visits the windows in the order of the output, with the elements of the image, row by row, that they cover.
    private static func forEachWindow(of pool: Pool2D, _ body: (_ output: Int, _ elements: [WindowElement]) -> Void) {
        let window = pool.window
        var output = 0
        for image in 0..<pool.batch {
            for outputRow in 0..<pool.outputHeight {
                for outputColumn in 0..<pool.outputWidth {
                    for channel in 0..<pool.channels {
                        var elements: [WindowElement] = []
                        for windowRow in 0..<window.height {
                            let row = outputRow * window.strideHeight - window.paddingTop + windowRow
                            guard (0..<pool.inputHeight).contains(row) else { continue }
                            for windowColumn in 0..<window.width {
                                let column = outputColumn * window.strideWidth - window.paddingLeft + windowColumn
                                guard (0..<pool.inputWidth).contains(column) else { continue }
                                let pixel = row * pool.inputWidth + column
                                let index =
                                    (image * pool.inputHeight * pool.inputWidth + pixel) * pool.channels + channel
                                elements.append((index, pixel))
                            }
                        }
                        body(output, elements)
                        output += 1
                    }
                }
            }
        }
    }
}
