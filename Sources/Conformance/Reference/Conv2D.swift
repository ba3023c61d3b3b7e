import Compute

extension Reference {
    static func conv2DForward(_ conv: Conv2D, input: [Float], filter: [Float], bias: [Float]?) -> [Estimate] {
        var sums = [Sum](repeating: Sum(), count: conv.outputCount)
        forEachProduct(of: conv) { inputIndex, filterIndex, outputIndex in
            sums[outputIndex].add(input[inputIndex], times: filter[filterIndex])
        }
        return sums.enumerated().map { index, sum in
            var sum = sum
            if let bias { sum.add(Estimate(bias[index % conv.outputChannels])) }
            return activation(conv.activation, sum.total(.sequence))
        }
    }

    /// - Parameter previous: what the input gradient holds before, if it accumulates.
    static func conv2DDataGradient(
        _ conv: Conv2D, deltas: [Float], filter: [Float], previous: [Float]?
    ) -> [Estimate] {
        var sums = [Sum](repeating: Sum(), count: conv.inputCount)
        forEachProduct(of: conv) { inputIndex, filterIndex, outputIndex in
            sums[inputIndex].add(deltas[outputIndex], times: filter[filterIndex])
        }
        return totals(of: sums, previous: previous)
    }

    /// - Parameter previous: what the filter gradients hold before, if they accumulate.
    static func conv2DWeightGradient(
        _ conv: Conv2D, input: [Float], deltas: [Float], previous: [Float]?
    ) -> [Estimate] {
        var sums = [Sum](repeating: Sum(), count: conv.tasks * conv.filterCount)
        for task in 0..<conv.tasks {
            forEachProduct(of: conv) { inputIndex, filterIndex, outputIndex in
                sums[task * conv.filterCount + filterIndex]
                    .add(input[inputIndex], times: deltas[task * conv.outputCount + outputIndex])
            }
        }
        return totals(of: sums, previous: previous)
    }

    private static func totals(of sums: [Sum], previous: [Float]?) -> [Estimate] {
        sums.enumerated().map { index, sum in
            var sum = sum
            if let previous { sum.add(Estimate(previous[index])) }
            return sum.total(.sequence)
        }
    }

    /// Visits every product that a convolution adds up: `output[o] += input[i]·filter[f]`. Each derivative adds up the
    /// same triples for another one of the three.
    private static func forEachProduct(
        of conv: Conv2D, _ body: (_ input: Int, _ filter: Int, _ output: Int) -> Void
    ) {
        let window = conv.window
        let inputsPerGroup = conv.inputChannels / conv.groups
        let outputsPerGroup = conv.outputChannels / conv.groups
        for image in 0..<conv.batch {
            for outputRow in 0..<conv.outputHeight {
                for outputColumn in 0..<conv.outputWidth {
                    for outputChannel in 0..<conv.outputChannels {
                        let output =
                            ((image * conv.outputHeight + outputRow) * conv.outputWidth + outputColumn)
                            * conv.outputChannels + outputChannel
                        let group = outputChannel / outputsPerGroup
                        for filterRow in 0..<window.height {
                            let row =
                                outputRow * window.strideHeight - window.paddingTop + filterRow * window.dilationHeight
                            guard (0..<conv.inputHeight).contains(row) else { continue }
                            for filterColumn in 0..<window.width {
                                let column =
                                    outputColumn * window.strideWidth - window.paddingLeft
                                    + filterColumn * window.dilationWidth
                                guard (0..<conv.inputWidth).contains(column) else { continue }
                                for channel in 0..<inputsPerGroup {
                                    let input =
                                        ((image * conv.inputHeight + row) * conv.inputWidth + column)
                                        * conv.inputChannels + group * inputsPerGroup + channel
                                    let filter =
                                        ((filterRow * window.width + filterColumn) * inputsPerGroup + channel)
                                        * conv.outputChannels + outputChannel
                                    body(input, filter, output)
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
