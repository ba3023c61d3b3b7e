import Compute

extension CrossEntropyOptions {
    /// Logits, labels, class weights and mask, and the place of the operand after them.
    fileprivate var inputs: (arguments: [Argument], next: Int) {
        let mask = classWeights ? 3 : 2
        return (
            [.operand(0), .operand(1), .operand(2, if: classWeights), .operand(mask, if: self.mask)],
            self.mask ? mask + 1 : mask
        )
    }

    fileprivate var constants: [Argument] {
        [.int(Int(ignoredLabel)), .float(labelSmoothing), .flag(classWeights), .flag(mask)]
    }
}

extension CrossEntropy {
    func plan(_ tuning: Tuning) -> Plan {
        let (inputs, next) = options.inputs
        let block = tuning.block(lineLength: classes)
        let turns = tuning.turnsRows(columns: classes)
        return Plan(
            Launch(
                file: turns ? "crossentropy_rows" : "crossentropy",
                kernel: turns ? "cross_entropy_rows" : "cross_entropy", items: (quotient(rows, roundedUpBy: block), 1, 1),
                arguments: inputs + [.operand(next), .operand(next + 1), .int(rows), .int(classes), .int(block)]
                    + options.constants))
    }
}

extension CrossEntropyGradient {
    func plan(_ tuning: Tuning) -> Plan {
        let (inputs, next) = options.inputs
        let block = tuning.block(lineLength: classes)
        let turns = tuning.turnsRows(columns: classes)
        return Plan(
            Launch(
                file: turns ? "crossentropy_rows" : "crossentropy",
                kernel: turns ? "cross_entropy_gradient_rows" : "cross_entropy_gradient",
                items: (quotient(rows, roundedUpBy: block), 1, 1),
                arguments: inputs + [
                    .operand(next), .operand(next + 1), .operand(next + 2), .int(rows), .int(classes), .int(block),
                    .int(tasks),
                ] + options.constants))
    }
}
