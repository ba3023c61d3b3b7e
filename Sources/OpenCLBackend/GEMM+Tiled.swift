import Compute

extension GEMM {
    /// The product on the tiled family; nil where the device has no tiles.
    func groupTiledPlan(_ tuning: Tuning) -> Plan? {
        let count = rows * columns
        let isSplittable = !bias && activation == .none && (batch == 1 || strideC == count)
        guard
            let tiling = GroupTiling(
                rows: rows, columns: columns, inner: inner, slices: batch, isSplittable: isSplittable, tuning)
        else { return nil }
        return tiling.plan(count: batch * count, accumulate: accumulate, tuning) { result, accumulates in
            tiling.launch(
                file: "gemm_tiled",
                macros: ["TRANSPOSED_A=\(transposeA ? 1 : 0)", "TRANSPOSED_B=\(transposeB ? 1 : 0)"],
                kernel: "gemm_tiled",
                arguments: [
                    .operand(0), .operand(1), result, .operand(3, if: bias), .int(rows), .int(columns), .int(inner),
                    .long(strideA), .long(strideB), .long(tiling.splits > 1 ? count : strideC), .int(batch),
                    .int(tiling.splitLength), .flag(bias), .flag(accumulates), .int(Int(activation.rawValue)),
                ])
        }
    }
}
