import Compute

/// Matrix products: every pair of layouts over sizes around vector lengths, register blocks and tiles, with every
/// epilogue, and a sample of all combinations.
enum GEMMCases {
    static var all: [ConformanceCase] { sizes + batches + sampled }

    private struct Epilogue {
        var accumulate = false
        var bias = false
        var activation = Activation.none

        static let all = [
            Epilogue(), Epilogue(bias: true), Epilogue(accumulate: true), Epilogue(bias: true, activation: .relu),
            Epilogue(activation: .relu6), Epilogue(bias: true, activation: .relu6), Epilogue(activation: .relu),
        ]
    }

    private static let layouts = [(false, false), (false, true), (true, false), (true, true)]

    /// Rows, columns and inner length: odd ones, vectors, exact multiples of blocks and one beyond.
    private static var sizes: [ConformanceCase] {
        let sizes = [
            (1, 1, 1), (1, 3, 17), (3, 1, 33), (3, 17, 1), (17, 33, 3), (33, 65, 17), (65, 33, 130), (8, 48, 64),
            (16, 96, 32), (64, 64, 64), (128, 128, 16), (130, 257, 65), (257, 130, 33), (129, 129, 129), (1, 257, 1000),
            (257, 1, 1000), (33, 10, 1000), (10, 10, 999), (1, 1, 1000), (256, 50, 320), (65, 130, 1100), (70, 17, 530),
        ]
        var epilogues = 0
        return sizes.flatMap { rows, columns, inner in
            layouts.map { transposeA, transposeB in
                epilogues += 1
                let epilogue = Epilogue.all[epilogues % Epilogue.all.count]
                return make(
                    GEMM(
                        rows: rows, columns: columns, inner: inner, transposeA: transposeA, transposeB: transposeB,
                        accumulate: epilogue.accumulate, bias: epilogue.bias, activation: epilogue.activation))
            }
        }
    }

    private static var batches: [ConformanceCase] {
        layouts.flatMap { transposeA, transposeB in
            [(3, 17, 5), (17, 33, 65), (65, 65, 33)].flatMap { rows, columns, inner in
                let (a, b, c) = (rows * inner, inner * columns, rows * columns)
                return [(a, b, c), (0, b, c), (a, 0, c), (a + 3, b + 5, c + 7)].flatMap { strides in
                    [Epilogue(), Epilogue(accumulate: true), Epilogue(bias: true, activation: .relu)].map { epilogue in
                        make(
                            GEMM(
                                rows: rows, columns: columns, inner: inner, transposeA: transposeA,
                                transposeB: transposeB, batch: 3, strideA: strides.0, strideB: strides.1,
                                strideC: strides.2, accumulate: epilogue.accumulate, bias: epilogue.bias,
                                activation: epilogue.activation))
                    }
                }
            }
        }
    }

    private static var sampled: [ConformanceCase] {
        var data = CaseData(stream: "GEMM combinations")
        return (0..<60).map { index in
            let sizes = [1, 2, 3, 4, 5, 7, 8, 10, 16, 17, 20, 31, 33, 48, 50, 65, 96, 130]
            let (rows, columns) = (data.element(of: sizes), data.element(of: sizes))
            let inner = data.element(of: sizes + [257, 300])
            let layout = data.element(of: layouts)
            let epilogue = data.element(of: Epilogue.all)
            let gap = data.element(of: [0, 1, 13])
            return make(
                GEMM(
                    rows: rows, columns: columns, inner: inner, transposeA: layout.0, transposeB: layout.1,
                    batch: data.element(of: [1, 1, 2, 5]), strideA: data.element(of: [0, rows * inner + gap]),
                    strideB: data.element(of: [0, inner * columns + gap]), strideC: rows * columns + gap,
                    accumulate: epilogue.accumulate, bias: epilogue.bias, activation: epilogue.activation),
                suffix: " sample \(index)")
        }
    }

    private static func make(_ gemm: GEMM, suffix: String = "") -> ConformanceCase {
        var name =
            "\(gemm.rows)x\(gemm.columns)x\(gemm.inner) A\(gemm.transposeA ? "ᵀ" : "")B\(gemm.transposeB ? "ᵀ" : "")"
        if gemm.batch > 1 { name += " batch \(gemm.batch) strides \(gemm.strideA), \(gemm.strideB), \(gemm.strideC)" }
        if gemm.accumulate { name += " accumulate" }
        if gemm.bias { name += " bias" }
        if gemm.activation != .none { name += " \(gemm.activation)" }
        return ConformanceCase("GEMM", name + suffix, .gemm(gemm)) { data in trial(gemm, &data) }
    }

    private static func trial(_ gemm: GEMM, _ data: inout CaseData) -> Trial {
        func span(_ count: Int, _ stride: Int) -> Int { (gemm.batch - 1) * stride + count }
        let size = gemm.rows * gemm.columns
        let a = data.floats(span(gemm.rows * gemm.inner, gemm.strideA), in: -2...2)
        let b = data.floats(span(gemm.inner * gemm.columns, gemm.strideB), in: -2...2)
        let bias = gemm.bias ? data.floats(gemm.columns, in: -4...4) : nil
        let c = gemm.accumulate ? data.floats(span(size, gemm.strideC), in: -4...4) : nil
        let products = Reference.gemm(gemm, a: a, b: b, bias: bias, c: c)

        var expected = [Expected](repeating: .untouched, count: span(size, gemm.strideC))
        for (index, product) in products.enumerated() {
            expected[index / size * gemm.strideC + index % size] = .near(product)
        }
        var trial = Trial(.gemm(gemm))
        trial.input("A", a)
        trial.input("B", b)
        trial.output("C", expected, contents: c?.map(\.bitPattern))
        if let bias { trial.input("bias", bias) }
        return trial
    }
}
