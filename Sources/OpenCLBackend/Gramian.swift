import Compute

extension Gramian {
    /// Rows of a block of pairs that one work-item owns: `ROWS` in the kernel.
    private static let blockRows = 4

    func plan(_ tuning: Tuning) -> Plan {
        let blocks = quotient(rows, roundedUpBy: Gramian.blockRows)
        let pairs = blocks * (blocks + 1) / 2
        return Plan(
            Launch(
                file: "gramian", macros: ["ROWS=\(Gramian.blockRows)"], kernel: "gramian", items: (pairs, tiles, 1),
                arguments: [
                    .operand(0), .operand(1), .operand(2), .int(rows), .long(columns), .long(stride), .long(Gramian.tileColumns),
                    .int(tiles), .int(pairs),
                ]))
    }
}
