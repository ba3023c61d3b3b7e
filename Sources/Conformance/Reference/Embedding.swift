import Compute

extension Reference {
    static func embedding(_ embedding: Embedding, table: [Float], indices: [Int32]) -> [Estimate] {
        indices.flatMap { index in
            (0..<embedding.width).map { column in
                index >= 0 && index < embedding.vocabulary
                    ? Estimate(table[Int(index) * embedding.width + column]) : Estimate(Double.nan)
            }
        }
    }

    static func embeddingGradient(
        _ gradient: EmbeddingGradient, indices: [Int32], cotangents: [Float]
    ) -> [Estimate] {
        (0..<gradient.tasks).flatMap { task in
            var sums = [Sum](repeating: Sum(), count: gradient.vocabulary * gradient.width)
            for (place, index) in indices.enumerated() where index >= 0 && index < gradient.vocabulary {
                for column in 0..<gradient.width {
                    sums[Int(index) * gradient.width + column]
                        .add(Estimate(cotangents[(task * gradient.count + place) * gradient.width + column]))
                }
            }
            return sums.map { $0.total(.sequence) }
        }
    }
}

extension Reference {
    static func compactEmbeddingGradient(
        _ gradient: CompactEmbeddingGradient, indices: [Int32], cotangents: [Float]
    ) -> [Estimate] {
        var firsts: [Int32: Int] = [:]
        for (place, index) in indices.enumerated().reversed() { firsts[index] = place }
        return (0..<gradient.tasks).flatMap { task in
            var sums = [Sum](repeating: Sum(), count: gradient.count * gradient.width)
            for (place, index) in indices.enumerated() where index >= 0 && index < gradient.vocabulary {
                for column in 0..<gradient.width {
                    sums[(firsts[index] ?? place) * gradient.width + column]
                        .add(Estimate(cotangents[(task * gradient.count + place) * gradient.width + column]))
                }
            }
            return sums.map { $0.total(.sequence) }
        }
    }
}
