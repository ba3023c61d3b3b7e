import CPUKernels
import Compute

extension CPUDevice {
    func run(_ reduction: Reduction, _ arguments: inout Arguments) throws(ComputeError) {
        let input = arguments.floats(reduction.outer * reduction.axis * reduction.inner)
        let count = reduction.outer * reduction.inner
        switch reduction.function {
        case .sum:
            try fold(reduction, input, arguments.floats(count), .sum, .sum)
        case .mean:
            let output = arguments.floats(count)
            try fold(reduction, input, output, .sum, .sum)
            concord_unary_affine(output, output, count, 1 / Float(reduction.axis), 0)
        case .sumOfSquares:
            try fold(reduction, input, arguments.floats(count), .sumOfSquares, .sum)
        case .maximum:
            try fold(reduction, input, arguments.floats(count), .maximum, .maximum)
        case .minimum:
            try fold(reduction, input, arguments.floats(count), .minimum, .minimum)
        case .logSumExp:
            fold(reduction, input, arguments.floats(count), .logSumExp)
        case .argmax:
            fold(reduction, input, arguments.integers(count), .argmax)
        }
    }

    /// Elements of one partial result, where a long axis is cut into parts.
    private static let partElements = 1 << 16

    /// Folds parts of the axis first and then their results, so that few long sums keep all threads busy.
    private func fold(
        _ reduction: Reduction, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
        _ kernel: FoldKernel<Float>, _ combine: FoldKernel<Float>
    ) throws(ComputeError) {
        let (outer, axis, inner) = (reduction.outer, reduction.axis, reduction.inner)
        // Parts of whole blocks of the summation tree.
        let length = max(512, CPUDevice.partElements / max(inner, 1) / 512 * 512)
        let parts = (axis + length - 1) / length
        guard parts > 1, outer < 16 else { return fold(reduction, input, output, kernel) }

        let scratch = try scratch(count: outer * parts * inner)
        let partial = scratch.floats
        workers.run(parts: outer * parts) { part, _ in
            let first = part % parts * length
            let rows = min(length, axis - first)
            let source = input + (part / parts * axis + first) * inner
            if inner == 1 {
                kernel.rows(source, 1, rows, partial + part)
            } else {
                kernel.columns(source, rows, inner, partial + part * inner)
            }
        }
        let rest = Reduction(reduction.function, outer: outer, axis: parts, inner: inner)
        withExtendedLifetime(scratch) { fold(rest, partial, output, combine) }
    }

    private func fold<Result>(
        _ reduction: Reduction, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Result>,
        _ kernel: FoldKernel<Result>
    ) {
        let (outer, axis, inner) = (reduction.outer, reduction.axis, reduction.inner)
        workers.rows(outer, columns: axis * inner) { range in
            if inner == 1 {
                kernel.rows(input + range.lowerBound * axis, range.count, axis, output + range.lowerBound)
            } else {
                for matrix in range {
                    kernel.columns(input + matrix * axis * inner, axis, inner, output + matrix * inner)
                }
            }
        }
    }
}

/// How rows and columns of a matrix are folded.
private struct FoldKernel<Result> {
    typealias Function = (UnsafePointer<Float>?, Int, Int, UnsafeMutablePointer<Result>?) -> Void
    let rows: Function
    let columns: Function
}

extension FoldKernel<Float> {
    static var sum: Self { Self(rows: concord_row_sum, columns: concord_column_sum) }
    static var sumOfSquares: Self { Self(rows: concord_row_sum_of_squares, columns: concord_column_sum_of_squares) }
    static var maximum: Self { Self(rows: concord_row_maximum, columns: concord_column_maximum) }
    static var minimum: Self { Self(rows: concord_row_minimum, columns: concord_column_minimum) }
    static var logSumExp: Self { Self(rows: concord_row_log_sum_exp, columns: concord_column_log_sum_exp) }
}

extension FoldKernel<Int32> {
    static var argmax: Self { Self(rows: concord_row_argmax, columns: concord_column_argmax) }
}
