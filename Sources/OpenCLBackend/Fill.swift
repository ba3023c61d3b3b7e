import Compute

extension Fill {
    func plan(_ tuning: Tuning) -> Plan {
        Plan(
            Launch(
                file: "fill", macros: tuning.chunkMacros, kernel: "fill", items: tuning.chunks(of: count),
                arguments: [.operand(0), .scalar(0), .long(count)]))
    }
}
