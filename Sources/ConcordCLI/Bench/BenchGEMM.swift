import ArgumentParser
import Concord

struct BenchGEMM: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gemm", abstract: "Measures matrix products of [m, k] and [k, n].")

    @Option(help: "Rows. Without any size a few usual ones are measured.")
    var m: Int?

    @Option(help: "Columns. Default: m.")
    var n: Int?

    @Option(help: "Length of the inner products. Default: m.")
    var k: Int?

    @OptionGroup var options: BenchOptions

    /// Every matrix has less than 2³¹ elements.
    private static let sizes = 1...32768

    /// Squares, and the products of the standard workloads' layers.
    private static let usual = [
        (256, 256, 256), (512, 512, 512), (1024, 1024, 1024), (2048, 2048, 2048), (256, 512, 512), (5120, 512, 512),
        (256, 50, 720), (16, 1024, 1024),
    ]

    func validate() throws {
        for size in [m, n, k].compactMap({ $0 }) where !BenchGEMM.sizes.contains(size) {
            throw ValidationError("A size of \(size); expected one in \(BenchGEMM.sizes).")
        }
        if m == nil && (n != nil || k != nil) { throw ValidationError("Expected --m with the other sizes.") }
    }

    func run() throws {
        let sizes = m.map { [($0, n ?? $0, k ?? $0)] } ?? BenchGEMM.usual
        let cases = sizes.map { m, n, k in
            BenchCase(
                operation: "gemm", shape: "m=\(m) n=\(n) k=\(k)",
                primitive: .gemm(GEMM(rows: m, columns: n, inner: k)), operands: [m * k, k * n, m * n])
        }
        try OperationBench.run(cases, options)
    }
}
