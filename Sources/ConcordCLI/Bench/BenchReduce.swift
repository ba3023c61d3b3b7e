import ArgumentParser
import Concord

struct BenchReduce: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reduce",
        abstract: "Measures what memory decides: copies, folds, softmax, losses, batch norm, elementwise work, Adam.",
        discussion: "The tensors are larger than a processor's cache.")

    @OptionGroup var filter: BenchFilter
    @OptionGroup var options: BenchOptions

    /// Elements of a tensor, 64 MiB.
    private static let count = 1 << 24

    func run() throws {
        let cases =
            BenchReduce.copies + BenchReduce.reductions + BenchReduce.softmax + BenchReduce.losses
            + BenchReduce.batchNorm + BenchReduce.elementwise + BenchReduce.optimizers
        try OperationBench.run(filter(cases), options)
    }

    private static var copies: [BenchCase] {
        [
            BenchCase(
                operation: "copy", shape: "\(count)",
                primitive: .stridedCopy(StridedCopy(extents: [count], sourceStrides: [1], destinationStrides: [1])),
                operands: [.numbers(count), .numbers(count)])
        ]
    }

    private static var reductions: [BenchCase] {
        // Outer, folded and inner extents.
        [(1, count, 1), (4096, 4096, 1), (1, 4096, 4096), (256, 1024, 64)].flatMap { outer, axis, inner in
            [Reduction.Function.sum, .maximum, .argmax].map { function in
                BenchCase(
                    operation: "reduce \(function)", shape: "\(outer)x\(axis)x\(inner) over \(axis)",
                    primitive: .reduction(Reduction(function, outer: outer, axis: axis, inner: inner)),
                    operands: [.numbers(outer * axis * inner), .numbers(outer * inner)])
            }
        }
    }

    private static var softmax: [BenchCase] {
        [(4096, 4096), (1 << 20, 16)].flatMap { rows, columns in
            let (shape, tensor) = ("\(rows)x\(columns)", BenchOperand.numbers(rows * columns))
            return [
                BenchCase(
                    operation: "softmax", shape: shape, primitive: .softmax(Softmax(rows: rows, columns: columns)),
                    operands: [tensor, tensor]),
                BenchCase(
                    operation: "softmaxGradient", shape: shape,
                    primitive: .softmaxGradient(SoftmaxGradient(rows: rows, columns: columns)),
                    operands: [tensor, tensor, tensor]),
            ]
        }
    }

    private static var losses: [BenchCase] {
        [(1 << 14, 1000), (1 << 20, 10)].flatMap { rows, classes in
            let shape = "\(rows)x\(classes)"
            let logits = BenchOperand.numbers(rows * classes)
            let labels = BenchOperand.labels(count: rows, classes: classes)
            return [
                BenchCase(
                    operation: "crossEntropy", shape: shape,
                    primitive: .crossEntropy(CrossEntropy(rows: rows, classes: classes)),
                    operands: [logits, labels, .numbers(rows), .numbers(rows)]),
                BenchCase(
                    operation: "crossEntropyGradient", shape: shape,
                    primitive: .crossEntropyGradient(CrossEntropyGradient(rows: rows, classes: classes)),
                    operands: [logits, labels, .numbers(1), .numbers(2), logits]),
            ]
        }
    }

    private static var batchNorm: [BenchCase] {
        // Images of 56 x 56 and of 14 x 14 pixels.
        [(128 * 56 * 56, 64), (128 * 14 * 14, 1024)].flatMap { rows, channels in
            let (shape, tensor) = ("\(rows)x\(channels)", BenchOperand.numbers(rows * channels))
            let (channel, deviation) = (
                BenchOperand.numbers(channels), BenchOperand.uniform(count: channels, 0.5...2)
            )
            return [
                BenchCase(
                    operation: "batchNormStatistics", shape: shape,
                    primitive: .batchNormStatistics(
                        BatchNormStatistics(rows: rows, channels: channels, updatesRunning: true)),
                    operands: [tensor, channel, deviation, channel, deviation], scalars: [1e-5, 0.1]),
                BenchCase(
                    operation: "batchNormApply relu", shape: shape,
                    primitive: .batchNormApply(BatchNormApply(rows: rows, channels: channels, activation: .relu)),
                    operands: [tensor, channel, deviation, channel, channel, tensor]),
                BenchCase(
                    operation: "batchNormParameterGradient", shape: shape,
                    primitive: .batchNormParameterGradient(
                        BatchNormParameterGradient(rows: rows, channels: channels)),
                    operands: [tensor, channel, deviation, tensor, channel, channel]),
                BenchCase(
                    operation: "batchNormInputGradient", shape: shape,
                    primitive: .batchNormInputGradient(BatchNormInputGradient(rows: rows, channels: channels)),
                    operands: [tensor, channel, deviation, channel, tensor, channel, channel, tensor]),
            ]
        }
    }

    private static var elementwise: [BenchCase] {
        let tensor = BenchOperand.numbers(count)
        return [
            BenchCase(
                operation: "add", shape: "\(count)",
                primitive: .binary(Binary(.add, left: [count], right: [count])), operands: [tensor, tensor, tensor]),
            BenchCase(
                operation: "relu", shape: "\(count)", primitive: .unary(Unary(.relu, count: count)),
                operands: [tensor, tensor]),
            BenchCase(
                operation: "reluGradient", shape: "\(count)",
                primitive: .unaryGradient(UnaryGradient(.relu, count: count)), operands: [tensor, tensor, tensor]),
        ]
    }

    private static var optimizers: [BenchCase] {
        let tensor = BenchOperand.numbers(count)
        return [
            BenchCase(
                operation: "adam", shape: "\(count)",
                primitive: .optimizerStep(OptimizerStep(.adam(decoupledDecay: false), count: count)),
                operands: [tensor, tensor, tensor, .uniform(count: count, 0...1)],
                scalars: [1e-3, 0.9, 0.999, 1e-8, 0, 0.1, 0.001])
        ]
    }
}
