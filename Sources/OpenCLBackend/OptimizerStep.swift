import Compute

extension OptimizerStep {
    func plan(_ tuning: Tuning) -> Plan {
        let (kernel, arguments): (String, [Argument]) =
            switch rule {
            case .sgd(let momentum, let nesterov):
                (
                    "sgd_step",
                    [
                        .operand(0), .operand(1), .operand(2, if: momentum), .operand(momentum ? 3 : 2, if: scaled),
                        .scalar(0), .scalar(1), .scalar(2), .long(count), .flag(momentum), .flag(nesterov),
                        .flag(scaled),
                    ]
                )
            case .adam(let decoupledDecay):
                (
                    "adam_step",
                    [.operand(0), .operand(1), .operand(2), .operand(3), .operand(4, if: scaled)]
                        + (0..<7).map { .scalar($0) } + [.long(count), .flag(decoupledDecay), .flag(scaled)]
                )
            }
        return Plan(
            Launch(
                file: "optimizerstep", macros: tuning.chunkMacros, kernel: kernel, items: tuning.chunks(of: count),
                arguments: arguments))
    }
}
