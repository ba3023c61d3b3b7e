import Compute

extension MaskedGEMM {
    /// Processors leave out the zeros; the tiles of GPUs, which many work-items share, are faster with them.
    func plan(_ tuning: Tuning) -> Plan {
        guard tuning.isForProcessors else { return dense.plan(tuning) }
        let tile = tuning.tile(rows: tasks, columns: columns)
        let tiles = (quotient(tasks, roundedUpBy: tile.rows), quotient(columns, roundedUpBy: tile.width))
        let panel = inner * tile.width
        let macros = tile.macros
        return Plan(
            .packPanels(
                from: .operand(1), to: .scratch(0), columns: columns, lines: inner, panelWidth: tile.width,
                columnStep: inner, lineStep: 1, matrices: 1, sourceStride: 0, panelsStride: 0, tuning),
            Launch(
                file: "maskedgemm", macros: macros, kernel: "nonzero_places", items: (rows, 1, 1),
                arguments: [.operand(3), .scratch(1), .int(rows), .int(inner)]),
            Launch(
                file: "maskedgemm", macros: macros, kernel: "masked_gemm", items: (rows, tiles.1, tiles.0),
                arguments: [
                    .operand(0), .scratch(0), .operand(2), .scratch(1), .int(tasks), .int(rows), .int(columns),
                    .int(inner), .flag(accumulate),
                ]),
            scratch: [tiles.1 * panel, rows * (inner + 1)])
    }
}
