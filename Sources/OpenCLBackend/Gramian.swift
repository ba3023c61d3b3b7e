import Compute

extension Gramian {
    func plan(_ tuning: Tuning) -> Plan {
        let blockRows = tuning.gramianRows
        let blocks = quotient(rows, roundedUpBy: blockRows)
        let pairs = blocks * (blocks + 1) / 2
        return Plan(
            Launch(
                file: "gramian", macros: ["ROWS=\(blockRows)"], kernel: "gramian", items: (pairs, tiles, 1),
                arguments: [
                    .operand(0), .operand(1), .operand(2), .int(rows), .long(columns), .long(stride),
                    .long(Gramian.tileColumns), .int(tiles), .int(pairs),
                ]))
    }
}
