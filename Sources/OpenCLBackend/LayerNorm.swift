import Compute

extension LayerNorm {
    func plan(_ tuning: Tuning) -> Plan {
        let block = tuning.block(lineLength: columns)
        return Plan(
            Launch(
                file: "layernorm", macros: LayerNorm.macros, kernel: "layernorm",
                items: (quotient(rows, roundedUpBy: block), 1, 1),
                arguments: (0..<5).map { .operand($0) } + [.int(rows), .int(columns), .int(block), .scalar(0)]))
    }

    /// Vectors of neighbouring columns whose sums one work-item keeps in registers.
    fileprivate static let columnVectors = 2
    fileprivate static let macros = ["COLUMNS=\(columnVectors)"]
}

extension LayerNormInputGradient {
    func plan(_ tuning: Tuning) -> Plan {
        let block = tuning.block(lineLength: columns)
        return Plan(
            Launch(
                file: "layernorm", macros: LayerNorm.macros, kernel: "layernorm_input_gradient",
                items: (quotient(tasks * rows, roundedUpBy: block), 1, 1),
                arguments: (0..<5).map { .operand($0) } + [
                    .int(rows), .int(tasks * rows), .int(columns), .int(block),
                ]))
    }
}

extension LayerNormParameterGradient {
    func plan(_ tuning: Tuning) -> Plan {
        let runs = quotient(columns, roundedUpBy: 16 * LayerNorm.columnVectors)
        // As many blocks of rows as keep all cores busy, and no more.
        let wanted = quotient(tuning.minimumWorkItems, roundedUpBy: tasks * runs)
        let block = min(max(1, quotient(rows, roundedUpBy: wanted)), 256)
        let blocks = quotient(rows, roundedUpBy: block)
        return Plan(
            Launch(
                file: "layernorm", macros: LayerNorm.macros, kernel: "layernorm_parameter_sums",
                items: (blocks, tasks, runs),
                arguments: (0..<3).map { .operand($0) } + [
                    .scratch(0), .int(rows), .int(columns), .int(block), .int(tasks),
                ]),
            Launch(
                file: "layernorm", macros: LayerNorm.macros, kernel: "layernorm_parameter_gradient",
                items: (quotient(tasks * columns, roundedUpBy: 16), 1, 1),
                arguments: [.scratch(0), .operand(3), .operand(4), .int(tasks * columns), .int(blocks)]),
            scratch: [blocks * 2 * tasks * columns])
    }
}
