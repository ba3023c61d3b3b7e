import Compute

/// Rows that one work-item owns: short enough to stay in a cache for a second pass, and enough items for all cores.
private func rowBlock(rows: Int, channels: Int, _ tuning: Tuning) -> Int {
    let cached = max(1, 4 * tuning.chunk / max(1, channels))
    return max(1, min(cached, quotient(rows, roundedUpBy: tuning.minimumWorkItems)))
}

/// Rows whose sums one work-item leaves: more, so that few blocks are to be merged, as long as a second pass still
/// finds them in a cache, and sums stay short.
private func summedRowBlock(rows: Int, channels: Int, _ tuning: Tuning) -> Int {
    let cached = min(512, tuning.cacheBytes / (4 * max(1, channels)))
    let block = max(rowBlock(rows: rows, channels: channels, tuning), cached)
    return max(1, min(block, quotient(rows, roundedUpBy: tuning.minimumWorkItems)))
}

/// Vectors of channels whose sums one work-item keeps side by side.
private func macros(channels: Int, _ tuning: Tuning) -> [String] {
    ["VECTORS=\(tuning.columnVectors(columns: channels))"]
}

extension BatchNormStatistics {
    func plan(_ tuning: Tuning) -> Plan {
        let block = summedRowBlock(rows: rows, channels: channels, tuning)
        let blocks = quotient(rows, roundedUpBy: block)
        return Plan(
            Launch(
                file: "batchnorm", macros: macros(channels: channels, tuning), kernel: "batchnorm_moments",
                items: (blocks, 1, 1),
                arguments: [.operand(0), .scratch(0), .int(rows), .int(channels), .int(block)]),
            Launch(
                file: "batchnorm", macros: macros(channels: channels, tuning), kernel: "batchnorm_statistics",
                items: (quotient(channels, roundedUpBy: 16), 1, 1),
                arguments: [
                    .scratch(0), .operand(1), .operand(2), .operand(3, if: updatesRunning),
                    .operand(4, if: updatesRunning), .int(rows), .int(channels), .int(block), .scalar(0), .scalar(1),
                    .flag(updatesRunning),
                ]),
            scratch: [blocks * 3 * channels])
    }
}

extension BatchNormApply {
    func plan(_ tuning: Tuning) -> Plan {
        let block = rowBlock(rows: rows, channels: channels, tuning)
        return Plan(
            Launch(
                file: "batchnorm", macros: macros(channels: channels, tuning), kernel: "batchnorm_apply",
                items: (quotient(rows, roundedUpBy: block), 1, 1),
                arguments: (0..<6).map { .operand($0) } + [
                    .int(rows), .int(channels), .int(block), .int(Int(activation.rawValue)),
                ]))
    }
}

extension BatchNormParameterGradient {
    func plan(_ tuning: Tuning) -> Plan {
        let block = summedRowBlock(rows: rows, channels: channels, tuning)
        let blocks = quotient(rows, roundedUpBy: block)
        return Plan(
            Launch(
                file: "batchnorm", macros: macros(channels: channels, tuning), kernel: "batchnorm_parameter_sums",
                items: (blocks, tasks, 1),
                arguments: (0..<4).map { .operand($0) } + [
                    .scratch(0), .int(rows), .int(channels), .int(block), .int(tasks),
                ]),
            Launch(
                file: "batchnorm", macros: macros(channels: channels, tuning), kernel: "batchnorm_parameter_gradient",
                items: (quotient(tasks * channels, roundedUpBy: 16), 1, 1),
                arguments: [.scratch(0), .operand(4), .operand(5), .int(tasks * channels), .int(blocks)]),
            scratch: [blocks * 2 * tasks * channels])
    }
}

extension BatchNormInputGradient {
    func plan(_ tuning: Tuning) -> Plan {
        let block = rowBlock(rows: rows, channels: channels, tuning)
        return Plan(
            Launch(
                file: "batchnorm", macros: macros(channels: channels, tuning), kernel: "batchnorm_input_gradient",
                items: (quotient(rows, roundedUpBy: block), tasks, 1),
                arguments: (0..<8).map { .operand($0) } + [.int(rows), .int(channels), .int(block), .int(tasks)]))
    }
}
