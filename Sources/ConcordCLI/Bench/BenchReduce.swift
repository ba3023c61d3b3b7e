import ArgumentParser
import Concord

struct BenchReduce: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reduce", abstract: "Measures sums and other folds over rows, columns and everything.")

    @OptionGroup var options: BenchOptions

    /// Outer, folded and inner extents.
    private static let shapes = [(1, 1 << 24, 1), (4096, 4096, 1), (1, 4096, 4096), (256, 144, 64)]

    func run() throws {
        let cases = BenchReduce.shapes.flatMap { outer, axis, inner in
            [Reduction.Function.sum, .maximum, .argmax].map { function in
                BenchCase(
                    operation: "reduce \(function)", shape: "\(outer)x\(axis)x\(inner) over \(axis)",
                    primitive: .reduction(Reduction(function, outer: outer, axis: axis, inner: inner)),
                    operands: [outer * axis * inner, outer * inner])
            }
        }
        try OperationBench.run(cases, options)
    }
}
