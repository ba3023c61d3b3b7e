import Compute

extension RandomFill {
    func plan(_ tuning: Tuning) -> Plan {
        let tuning = tuning.forRandomNumbers
        let kernel =
            switch distribution {
            case .uniform: "random_uniform"
            case .normal: "random_normal"
            }
        return Plan(
            Launch(
                file: "randomfill", macros: tuning.chunkMacros, kernel: kernel, items: tuning.chunks(of: count),
                arguments: [.operand(0), .scalar(0), .scalar(1), .random, .long(count)]))
    }
}

extension Tuning {
    /// Kernels draw 64 random numbers at a time: less would waste some.
    var forRandomNumbers: Tuning {
        var tuning = self
        tuning.chunk = max(chunk, 64)
        return tuning
    }
}
