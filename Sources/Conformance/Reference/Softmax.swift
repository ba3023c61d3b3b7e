import Compute

extension Reference {
    static func softmax(_ softmax: Softmax, input: [Float]) -> [Estimate] {
        (0..<softmax.rows).flatMap { row in
            let line = (0..<softmax.columns).map { Estimate(input[row * softmax.columns + $0]) }
            return softmax.logarithm ? logSoftmax(line) : self.softmax(line)
        }
    }

    static func softmax(_ line: [Estimate]) -> [Estimate] {
        let maximum = line.reduce(line[0], Estimate.maximum)
        let exponentials = line.map { Estimate.exp($0 - maximum) }
        let sum = exponentials.sum()
        return exponentials.map { $0 / sum }
    }

    static func logSoftmax(_ line: [Estimate]) -> [Estimate] {
        let maximum = line.reduce(line[0], Estimate.maximum)
        let logarithm = Estimate.log(line.map { Estimate.exp($0 - maximum) }.sum())
        return line.map { $0 - maximum - logarithm }
    }

    static func softmaxGradient(_ gradient: SoftmaxGradient, saved: [Float], deltas: [Float]) -> [Estimate] {
        let columns = 0..<gradient.columns
        return (0..<gradient.tasks * gradient.rows).flatMap { line in
            let y = columns.map { Estimate(saved[line % gradient.rows * gradient.columns + $0]) }
            let dy = columns.map { Estimate(deltas[line * gradient.columns + $0]) }
            if gradient.logarithm {
                let sum = dy.sum()
                return columns.map { dy[$0] - .exp(y[$0]) * sum }
            }
            let sum = columns.map { dy[$0] * y[$0] }.sum()
            return columns.map { y[$0] * (dy[$0] - sum) }
        }
    }
}
