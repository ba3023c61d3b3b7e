import Compute

extension WeightedMean {
    func plan(_ tuning: Tuning) -> Plan {
        func mean(of values: Argument, _ weights: Argument, count: Int) -> Launch {
            Launch(
                file: "weightedmean", kernel: "weighted_mean", items: (1, 1, 1),
                arguments: [values, weights, .operand(2), .long(count)])
        }
        let piece = max(tuning.reductionPiece, Int(Double(count).squareRoot()))
        guard count > 4 * piece else { return Plan(mean(of: .operand(0), .operand(1), count: count)) }
        let pieces = quotient(count, roundedUpBy: piece)
        return Plan(
            Launch(
                file: "weightedmean", kernel: "weighted_sums", items: (pieces, 1, 1),
                arguments: [.operand(0), .operand(1), .scratch(0), .long(count), .int(pieces), .long(piece)]),
            mean(of: .scratch(0), .scratch(0, offset: pieces), count: pieces),
            scratch: [2 * pieces])
    }
}
