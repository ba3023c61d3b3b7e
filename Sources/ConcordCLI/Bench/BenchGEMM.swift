import ArgumentParser
import Concord

struct BenchGEMM: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gemm", abstract: "Measures matrix products of [m, k] and [k, n].")

    /// How the factors are stored; `T` is transposed, `gemm NT` a product with `[n, k]`.
    enum Order: String, CaseIterable, ExpressibleByArgument {
        case nn = "NN"
        case nt = "NT"
        case tn = "TN"
    }

    @Option(help: "Rows. Without any size a few usual ones are measured, in all orders.")
    var m: Int?

    @Option(help: "Columns. Default: m.")
    var n: Int?

    @Option(help: "Length of the inner products. Default: m.")
    var k: Int?

    @Option(help: "How the factors are stored, T for transposed. Default: NN for given sizes, else all.")
    var order: Order?

    @OptionGroup var filter: BenchFilter
    @OptionGroup var options: BenchOptions

    /// Every matrix has less than 2³¹ elements.
    private static let sizes = 1...32768

    /// Squares, and the products of training steps.
    private static let usual = [
        (m: 512, n: 512, k: 512, batch: 1), (1024, 1024, 1024, 1), (2048, 2048, 2048, 1), (256, 512, 128, 1),
        (256, 512, 512, 1), (5120, 512, 512, 1), (512, 512, 5120, 1), (25088, 64, 576, 1), (576, 64, 25088, 1),
        (128, 1000, 1280, 1), (17, 33, 65, 64),
    ]

    func validate() throws {
        for size in [m, n, k].compactMap({ $0 }) where !BenchGEMM.sizes.contains(size) {
            throw ValidationError("A size of \(size); expected one in \(BenchGEMM.sizes).")
        }
        if m == nil && (n != nil || k != nil) { throw ValidationError("Expected --m with the other sizes.") }
    }

    func run() throws {
        let given = m.map { [(m: $0, n: n ?? $0, k: k ?? $0, batch: 1)] }
        let orders = order.map { [$0] } ?? (given == nil ? Order.allCases : [.nn])
        let cases = (given ?? BenchGEMM.usual).flatMap { m, n, k, batch in
            orders.map { order in
                let product = GEMM(
                    rows: m, columns: n, inner: k, transposeA: order == .tn, transposeB: order == .nt, batch: batch)
                return BenchCase(
                    operation: order == .nn ? "gemm" : "gemm \(order.rawValue)", shape: product.sizes,
                    primitive: .gemm(product),
                    operands: [.numbers(batch * m * k), .numbers(batch * k * n), .numbers(batch * m * n)])
            }
        }
        try OperationBench.run(filter(cases), options)
    }
}
