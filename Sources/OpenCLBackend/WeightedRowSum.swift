import Compute

extension WeightedRowSum {
    func plan(_ tuning: Tuning) -> Plan {
        Plan(
            Launch(
                file: "weightedrowsum", macros: tuning.chunkMacros + ["VECTORS=\(min(8, tuning.chunk / 16))"], kernel: "weighted_row_sum",
                items: tuning.chunks(of: columns),
                arguments: [
                    .operand(0), .operand(1), .operand(2), .int(rows), .long(columns), .long(stride),
                    .flag(accumulate),
                ]))
    }
}
