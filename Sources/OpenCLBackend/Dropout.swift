import Compute

extension Dropout {
    func plan(_ tuning: Tuning) -> Plan {
        let tuning = tuning.forRandomNumbers
        return Plan(
            Launch(
                file: "dropout", macros: tuning.chunkMacros, kernel: "dropout", items: tuning.chunks(of: count),
                arguments: [.operand(0), .operand(1), .scalar(0), .random, .long(count), .int(tasks)]))
    }
}
