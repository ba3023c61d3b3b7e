import Compute

extension Attention {
    fileprivate var matrices: Int { samples * heads }
    /// The length in whole vectors.
    fileprivate var padded: Int { OpenCLBackend.padded(length, to: 16) }
    fileprivate var panelCount: Int { matrices * width * padded }

    fileprivate func macros(_ tuning: Tuning) -> [String] {
        [
            "ROWS=\(tuning.attentionRows)", "VECTORS=\(tuning.attentionVectors)", "VECTOR_LANES=\(tuning.attentionLanes)",
        ]
    }

    /// A launch over blocks of rows of `count` matrices, and pieces of the width, for each of which scores are computed.
    fileprivate func launch(
        _ kernel: String, matrices count: Int, _ tuning: Tuning, _ arguments: [Argument]
    ) -> Launch {
        let pieces = quotient(width, roundedUpBy: tuning.attentionVectors * tuning.attentionLanes)
        return Launch(
            file: "attention", macros: macros(tuning), kernel: kernel,
            items: (quotient(length, roundedUpBy: tuning.attentionRows), count, pieces), arguments: arguments)
    }

    /// What kernels need to know about the sequences: `SEQUENCES`.
    fileprivate var sequences: [Argument] {
        [.operand(3, if: layout == .packed), .flag(layout == .packed), .int(rows), .int(length)]
    }

    fileprivate func transpose(_ operand: Argument, to scratch: Int, matrices count: Int, _ tuning: Tuning) -> Launch {
        Launch(
            file: "attention", macros: macros(tuning), kernel: "attention_transpose", items: (padded / 16, count, 1),
            arguments: [operand, .scratch(scratch)] + sequences + [
                .int(padded), .int(heads), .int(width), .int(matrices), .int(count),
            ])
    }

    fileprivate func bias(to scratch: Int, _ tuning: Tuning) -> Launch {
        Launch(
            file: "attention", macros: macros(tuning), kernel: "attention_bias", items: (padded, samples, 1),
            arguments: [.operand(3, if: layout == .masked), .scratch(scratch)] + sequences + [
                .int(samples), .int(padded), .flag(layout == .masked),
            ])
    }

    func plan(_ tuning: Tuning) -> Plan {
        let next = layout == .uniform ? 3 : 4
        return Plan(
            transpose(.operand(1), to: 0, matrices: matrices, tuning), bias(to: 1, tuning),
            launch(
                "attention", matrices: matrices, tuning,
                [
                    .operand(0), .scratch(0), .operand(2), .scratch(1), .operand(next), .operand(next + 1),
                ] + sequences + [
                    .int(padded), .int(heads), .int(width), .int(matrices), .flag(causal), .scalar(0),
                ]),
            scratch: [panelCount, samples * padded])
    }
}

extension AttentionGradient {
    func plan(_ tuning: Tuning) -> Plan {
        let (padded, heads, width) = (attention.padded, attention.heads, attention.width)
        let matrices = attention.matrices
        let all = tasks * matrices
        let next = attention.layout == .uniform ? 3 : 4
        let (result, normalizers, deltas) = (Argument.operand(next), Argument.operand(next + 1), Argument.operand(next + 2))
        let (queryPanels, keyPanels, valuePanels, deltaPanels, bias, products) = (0, 1, 2, 3, 4, 5)
        let sizes: [Argument] =
            attention.sequences + [.int(padded), .int(heads), .int(width), .int(matrices), .int(all)]
        let options: [Argument] = [.flag(attention.causal), .scalar(0)]
        return Plan(
            attention.transpose(.operand(0), to: queryPanels, matrices: matrices, tuning),
            attention.transpose(.operand(1), to: keyPanels, matrices: matrices, tuning),
            attention.transpose(.operand(2), to: valuePanels, matrices: matrices, tuning),
            attention.transpose(deltas, to: deltaPanels, matrices: all, tuning),
            attention.bias(to: bias, tuning),
            Launch(
                file: "attention", macros: attention.macros(tuning), kernel: "attention_row_products",
                items: (padded, all, 1), arguments: [result, deltas, .scratch(products)] + sizes),
            attention.launch(
                "attention_query_gradient", matrices: all, tuning,
                [
                    .operand(0), .operand(1), .scratch(keyPanels), .scratch(valuePanels), .scratch(bias), normalizers,
                    deltas, .scratch(products), .operand(next + 3),
                ] + sizes + options),
            attention.launch(
                "attention_key_gradient", matrices: all, tuning,
                [
                    .operand(0), .scratch(queryPanels), .operand(1), .operand(2), .scratch(bias), normalizers, deltas,
                    .scratch(deltaPanels), .scratch(products), .operand(next + 4), .operand(next + 5),
                ] + sizes + options),
            scratch: [
                attention.panelCount, attention.panelCount, attention.panelCount, tasks * attention.panelCount,
                attention.samples * padded, all * padded,
            ])
    }
}
