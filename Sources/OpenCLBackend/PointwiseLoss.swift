import Compute

/// Predictions, targets, positive weights and mask, and the place of the operand after them.
private func inputs(positiveWeights: Bool, mask: Bool) -> (arguments: [Argument], next: Int) {
    let maskIndex = positiveWeights ? 3 : 2
    return (
        [.operand(0), .operand(1), .operand(2, if: positiveWeights), .operand(maskIndex, if: mask)],
        mask ? maskIndex + 1 : maskIndex
    )
}

extension PointwiseLoss.Function {
    /// The point where the loss changes its form; only Huber's has one.
    fileprivate var threshold: Argument { self == .huber ? .scalar(0) : .float(0) }
}

extension PointwiseLoss {
    func plan(_ tuning: Tuning) -> Plan {
        let (inputs, next) = inputs(positiveWeights: positiveWeights, mask: mask)
        let operands = inputs + [.operand(next), .operand(next + 1), .int(Int(function.rawValue))]
        let constants: [Argument] = [function.threshold, .flag(positiveWeights), .flag(mask)]
        if columns == 1 {
            return Plan(
                Launch(
                    file: "pointwiseloss", macros: tuning.chunkMacros, kernel: "pointwise_loss_column",
                    items: tuning.chunks(of: rows), arguments: operands + [.long(rows)] + constants))
        }
        let block = tuning.block(lineLength: columns)
        return Plan(
            Launch(
                file: "pointwiseloss", macros: tuning.chunkMacros, kernel: "pointwise_loss_rows",
                items: (quotient(rows, roundedUpBy: block), 1, 1),
                arguments: operands + [.int(rows), .int(columns), .int(block)] + constants))
    }
}

extension PointwiseLossGradient {
    func plan(_ tuning: Tuning) -> Plan {
        let (inputs, next) = inputs(positiveWeights: positiveWeights, mask: mask)
        // A single column is laid out like one line.
        let (lines, length) = columns == 1 ? (1, rows) : (rows, columns)
        let piece = min(tuning.chunk, padded(length, to: 16))
        let block = tuning.block(lineLength: piece)
        return Plan(
            Launch(
                file: "pointwiseloss", macros: tuning.chunkMacros, kernel: "pointwise_loss_gradient",
                items: (
                    quotient(length, roundedUpBy: max(1, piece)), quotient(lines, roundedUpBy: block), 1
                ),
                arguments: inputs + [
                    .operand(next), .operand(next + 1), .operand(next + 2), .int(Int(function.rawValue)), .int(lines),
                    .int(length), .int(piece), .int(block), .int(tasks), .int(columns), .flag(columns == 1),
                    .flag(columns > 1), function.threshold, .flag(positiveWeights), .flag(mask),
                ]))
    }
}
