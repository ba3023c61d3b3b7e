import Compute

extension Softmax {
    func plan(_ tuning: Tuning) -> Plan {
        let turns = tuning.turnsRows(columns: columns)
        let block = tuning.block(lineLength: columns)
        let name = turns ? "softmax_rows" : "softmax"
        return Plan(
            Launch(
                file: name, kernel: name, items: (quotient(rows, roundedUpBy: block), 1, 1),
                arguments: [
                    .operand(0), .operand(1), .int(rows), .int(columns), .int(block), .flag(logarithm),
                ]))
    }
}

extension SoftmaxGradient {
    func plan(_ tuning: Tuning) -> Plan {
        let block = tuning.block(lineLength: columns)
        return Plan(
            Launch(
                file: "softmax", kernel: "softmax_gradient",
                items: (quotient(tasks * rows, roundedUpBy: block), 1, 1),
                arguments: [
                    .operand(0), .operand(1), .operand(2), .int(rows), .int(tasks * rows), .int(columns), .int(block),
                    .flag(logarithm),
                ]))
    }
}
