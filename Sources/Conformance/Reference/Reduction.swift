import Compute

extension Reference {
    /// All functions but `argmax`, which ``argmax(_:input:)`` computes.
    static func reduction(_ reduction: Reduction, input: [Float]) -> [Estimate] {
        lines(of: reduction, input: input).map { line in
            switch reduction.function {
            case .sum: line.sum()
            case .mean: line.sum() / Estimate(Double(reduction.axis))
            case .maximum: line.reduce(line[0], Estimate.maximum)
            case .minimum: line.reduce(line[0], Estimate.minimum)
            case .sumOfSquares: line.map { $0 * $0 }.sum()
            case .logSumExp: logSumExp(line)
            case .argmax: preconditionFailure("argmax gives indices")
            }
        }
    }

    /// The first index of the largest element; NaN counts as larger than any number.
    static func argmax(_ reduction: Reduction, input: [Float]) -> [Int32] {
        lines(of: reduction, input: input).map { line in
            var winner = 0
            for index in line.indices where !line[winner].value.isNaN {
                if line[index].value > line[winner].value || line[index].value.isNaN { winner = index }
            }
            return Int32(winner)
        }
    }

    static func logSumExp(_ line: [Estimate]) -> Estimate {
        let maximum = line.reduce(line[0], Estimate.maximum)
        // The sum is infinite or empty; around the maximum it would be NaN.
        guard maximum.value.isFinite else { return maximum }
        return maximum + .log(line.map { .exp($0 - maximum) }.sum())
    }

    /// The elements that are folded into each result.
    private static func lines(of reduction: Reduction, input: [Float]) -> [[Estimate]] {
        (0..<reduction.outer * reduction.inner).map { result in
            let (outer, inner) = result.quotientAndRemainder(dividingBy: reduction.inner)
            return (0..<reduction.axis).map { Estimate(input[(outer * reduction.axis + $0) * reduction.inner + inner]) }
        }
    }
}
