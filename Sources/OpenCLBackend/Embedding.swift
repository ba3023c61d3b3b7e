import Compute

extension Embedding {
    func plan(_ tuning: Tuning) -> Plan {
        let block = tuning.block(lineLength: width)
        return Plan(
            Launch(
                file: "embedding", kernel: "embedding", items: (quotient(count, roundedUpBy: block), 1, 1),
                arguments: [
                    .operand(0), .operand(1), .operand(2), .int(vocabulary), .int(width), .int(count), .int(block),
                ]))
    }
}

extension EmbeddingGradient {
    func plan(_ tuning: Tuning) -> Plan {
        Plan(
            Launch(
                file: "embedding", kernel: "embedding_gradient", items: (vocabulary, tasks, 1),
                arguments: [
                    .operand(0), .operand(1), .operand(2), .int(vocabulary), .int(width), .int(count), .int(tasks),
                ]))
    }
}

extension CompactEmbeddingGradient {
    func plan(_ tuning: Tuning) -> Plan {
        Plan(
            Launch(
                file: "embedding", kernel: "compact_embedding_gradient", items: (count, tasks, 1),
                arguments: [
                    .operand(0), .operand(1), .operand(2), .int(vocabulary), .int(width), .int(count), .int(tasks),
                ]))
    }
}
