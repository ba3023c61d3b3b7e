import Compute

extension Binary {
    func plan(_ tuning: Tuning) -> Plan {
        let last = extents.rank - 1
        let inner = extents[last]
        let outerAxes = (0..<last).reversed()
        let rows = outerAxes.reduce(1) { $0 * extents[$1] }
        let piece = min(tuning.chunk, padded(inner, to: 16))
        let block = tuning.block(lineLength: piece)
        return Plan(
            Launch(
                file: "binary", kernel: "binary",
                items: (
                    quotient(inner, roundedUpBy: max(1, piece)), quotient(rows, roundedUpBy: block), 1
                ),
                arguments: [
                    .operand(0), .operand(1), .operand(2), .int(Int(function.rawValue)), .int(inner),
                    .int(leftStrides[last]), .int(rightStrides[last]), .int(rows), .int(outerAxes.count),
                    .axes(outerAxes.map { extents[$0] }), .axes(outerAxes.map { leftStrides[$0] }),
                    .axes(outerAxes.map { rightStrides[$0] }), .int(piece), .int(block),
                ]))
    }
}
