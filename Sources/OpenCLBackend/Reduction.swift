import Compute

extension Reduction {
    /// A long axis is folded in pieces, and the folds are folded again. The tree depends on the shape and the tuning
    /// alone.
    func plan(_ tuning: Tuning) -> Plan {
        let pieces = pieces(tuning)
        let divisor = function == .mean ? axis : 1
        guard pieces > 1 else {
            return Plan(fold(from: .operand(0), to: .operand(1), pieces: 1, divisor: divisor, tuning))
        }
        let first = fold(from: .operand(0), to: .scratch(0), pieces: pieces, divisor: 1, tuning)
        let count = outer * inner * pieces
        if function == .argmax {
            let winner = Launch(
                file: "reduction", macros: macros(vectors: 1), kernel: "argmax_winner", items: (outer * inner, 1, 1),
                arguments: [
                    .operand(0), .scratch(0), .operand(1), .int(outer), .int(axis), .int(inner), .int(pieces),
                ])
            return Plan(first, winner, scratch: [count])
        }
        // The second fold goes over few elements, so that it never needs a third.
        let second = Reduction(
            function == .sumOfSquares || function == .mean ? .sum : function, outer: outer, axis: pieces, inner: inner)
        return Plan(
            first,
            second.fold(from: .scratch(0), to: .operand(1), pieces: 1, divisor: divisor, tuning),
            scratch: [count])
    }

    /// Into how many pieces the axis is cut: one where it is short, and where other axes keep all cores busy and the
    /// sums stay short enough; never more than about the root of its length, which keeps both folds accurate.
    private func pieces(_ tuning: Tuning) -> Int {
        let shortest = inner == 1 ? tuning.reductionPiece : max(16, tuning.reductionPiece / 16)
        let items = inner == 1 ? outer : outer * quotient(inner, roundedUpBy: 16 * vectors(tuning))
        let longest = items >= tuning.minimumWorkItems ? 4 * shortest : shortest
        guard axis > longest else { return 1 }
        let root = Int(Double(axis).squareRoot())
        return quotient(axis, roundedUpBy: max(shortest, root))
    }

    /// Vectors of columns that one work-item folds side by side.
    private func vectors(_ tuning: Tuning) -> Int { tuning.columnVectors(columns: inner) }

    private func macros(vectors: Int) -> [String] { ["FUNCTION=\(function.rawValue)", "VECTORS=\(vectors)"] }

    private func fold(
        from source: Argument, to result: Argument, pieces: Int, divisor: Int, _ tuning: Tuning
    ) -> Launch {
        let piece = quotient(axis, roundedUpBy: pieces)
        if inner == 1 {
            let block = tuning.block(lineLength: piece)
            return Launch(
                file: "reduction", macros: macros(vectors: 1), kernel: "reduce_lines",
                items: (pieces, quotient(outer, roundedUpBy: block), 1),
                arguments: [
                    source, result, .int(outer), .int(axis), .int(pieces), .int(piece), .int(block),
                    .float(Float(divisor)),
                ])
        }
        let vectors = vectors(tuning)
        return Launch(
            file: "reduction", macros: macros(vectors: vectors), kernel: "reduce_columns",
            items: (quotient(inner, roundedUpBy: 16 * vectors), pieces, outer),
            arguments: [
                source, result, .int(outer), .int(axis), .int(inner), .int(pieces), .int(piece), .float(Float(divisor)),
            ])
    }
}
