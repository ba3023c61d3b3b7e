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
            try argmax(reduction, input, arguments.integers(count))
        }
    }

    /// Folds parts of the axis first and then their results, so that few long sums keep all threads busy.
    private func fold(
        _ reduction: Reduction, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
        _ kernel: FoldKernel<Float>, _ combine: FoldKernel<Float>
    ) throws(ComputeError) {
        guard let parts = Parts(reduction) else { return fold(reduction, input, output, kernel) }
        let (outer, inner) = (reduction.outer, reduction.inner)
        let partial = try scratch(count: outer * parts.count * inner)
        run(parts, of: reduction, input) { source, rows, place in
            if inner == 1 {
                kernel.rows(source, 1, rows, partial.floats + place)
            } else {
                kernel.columns(source, rows, inner, partial.floats + place)
            }
        }
        let rest = Reduction(reduction.function, outer: outer, axis: parts.count, inner: inner)
        withExtendedLifetime(partial) { fold(rest, partial.floats, output, combine) }
    }

    /// The same for the places of the largest elements.
    private func argmax(
        _ reduction: Reduction, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Int32>
    ) throws(ComputeError) {
        guard let parts = Parts(reduction) else { return fold(reduction, input, output, .argmax) }
        let (outer, inner) = (reduction.outer, reduction.inner)
        let count = outer * parts.count * inner
        let scratch = try scratch(count: 2 * count)
        let (largest, winners) = (scratch.floats, scratch.integers + count)
        run(parts, of: reduction, input) { source, rows, place in
            if inner == 1 {
                concord_row_argmax(source, 1, rows, winners + place, largest + place)
            } else {
                concord_column_argmax(source, rows, inner, winners + place, largest + place)
            }
        }
        for matrix in 0..<outer {
            let place = matrix * parts.count * inner
            concord_argmax_of_parts(
                largest + place, winners + place, parts.count, inner, parts.length, output + matrix * inner)
        }
        withExtendedLifetime(scratch) {}
    }

    /// Runs `body` for every part; its result is `inner` elements at `place`.
    private func run(
        _ parts: Parts, of reduction: Reduction, _ input: UnsafePointer<Float>,
        _ body: (_ source: UnsafePointer<Float>, _ rows: Int, _ place: Int) -> Void
    ) {
        let (axis, inner) = (reduction.axis, reduction.inner)
        workers.run(parts: reduction.outer * parts.count) { part, _ in
            let first = part % parts.count * parts.length
            body(input + (part / parts.count * axis + first) * inner, min(parts.length, axis - first), part * inner)
        }
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

/// How a long axis is cut.
private struct Parts {
    let length: Int
    let count: Int

    /// Elements of a part.
    private static let elements = 1 << 16
    /// Whole blocks of the summation tree; few results beside many elements.
    private static let unit = 512
    private static let columnUnit = 128
    /// So many folds keep the threads busy as they are.
    private static let manyFolds = 16

    /// Nil where the axis is folded in one go.
    init?(_ reduction: Reduction) {
        let unit = reduction.inner == 1 ? Parts.unit : Parts.columnUnit
        length = max(unit, Parts.elements / max(reduction.inner, 1) / unit * unit)
        count = (reduction.axis + length - 1) / length
        if count <= 1 || reduction.outer >= Parts.manyFolds { return nil }
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
    static var argmax: Self {
        Self(
            rows: { concord_row_argmax($0, $1, $2, $3, nil) }, columns: { concord_column_argmax($0, $1, $2, $3, nil) })
    }
}
