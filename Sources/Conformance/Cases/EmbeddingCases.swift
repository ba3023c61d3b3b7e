import Compute

/// Small and large tables, indices that occur often, never, and that do not exist.
enum EmbeddingCases {
    static var all: [ConformanceCase] {
        sizes.flatMap { vocabulary, width, count in
            [forward(Embedding(vocabulary: vocabulary, width: width, count: count))]
                + [1, 3].flatMap { tasks in
                    [
                        gradient(EmbeddingGradient(vocabulary: vocabulary, width: width, count: count, tasks: tasks)),
                        compactGradient(
                            CompactEmbeddingGradient(vocabulary: vocabulary, width: width, count: count, tasks: tasks)),
                    ]
                }
        }
            // A vocabulary of a text encoder.
            + [
                forward(Embedding(vocabulary: 30_522, width: 24, count: 257)),
                gradient(EmbeddingGradient(vocabulary: 30_522, width: 24, count: 257)),
                forward(Embedding(vocabulary: 129, width: 384, count: 65)),
                gradient(EmbeddingGradient(vocabulary: 129, width: 384, count: 65, tasks: 2)),
            ]
    }

    private static let sizes = [
        (1, 1, 1), (1, 17, 33), (3, 1, 17), (2, 8, 16), (17, 4, 15), (33, 16, 65), (65, 33, 257), (100, 8, 2003),
        (257, 3, 48),
    ]

    /// Some indices in a row that do not exist, the first one often, and the last one never.
    private static func indices(_ vocabulary: Int, count: Int, _ data: inout CaseData) -> [Int32] {
        (0..<count).map { place in
            switch place % 16 {
            case 5: -1
            case 6: Int32(vocabulary)
            case 7: Int32.min
            case 8, 9, 10: 0
            default: Int32(data.integer(below: max(vocabulary - 1, 1)))
            }
        }
    }

    private static func name(_ vocabulary: Int, _ width: Int, _ count: Int) -> String {
        "\(count) of \(vocabulary)x\(width)"
    }

    private static func forward(_ embedding: Embedding) -> ConformanceCase {
        let name = name(embedding.vocabulary, embedding.width, embedding.count)
        return ConformanceCase("Embedding", name, .embedding(embedding)) { data in
            let table = data.floats(embedding.vocabulary * embedding.width)
            let indices = indices(embedding.vocabulary, count: embedding.count, &data)
            var trial = Trial(.embedding(embedding))
            trial.input("table", table)
            trial.input("indices", integers: indices)
            trial.output("result", Reference.embedding(embedding, table: table, indices: indices))
            return trial
        }
    }

    private static func gradient(_ gradient: EmbeddingGradient) -> ConformanceCase {
        let name = "gradient \(name(gradient.vocabulary, gradient.width, gradient.count)) tasks \(gradient.tasks)"
        return ConformanceCase("Embedding", name, .embeddingGradient(gradient)) { data in
            let indices = indices(gradient.vocabulary, count: gradient.count, &data)
            let cotangents = data.floats(gradient.tasks * gradient.count * gradient.width)
            var trial = Trial(.embeddingGradient(gradient))
            trial.input("indices", integers: indices)
            trial.input("cotangents", cotangents)
            trial.output(
                "table gradients", Reference.embeddingGradient(gradient, indices: indices, cotangents: cotangents))
            return trial
        }
    }

    private static func compactGradient(_ gradient: CompactEmbeddingGradient) -> ConformanceCase {
        let name =
            "compact gradient \(name(gradient.vocabulary, gradient.width, gradient.count)) tasks \(gradient.tasks)"
        return ConformanceCase("Embedding", name, .compactEmbeddingGradient(gradient)) { data in
            let indices = indices(gradient.vocabulary, count: gradient.count, &data)
            let cotangents = data.floats(gradient.tasks * gradient.count * gradient.width)
            var trial = Trial(.compactEmbeddingGradient(gradient))
            trial.input("indices", integers: indices)
            trial.input("cotangents", cotangents)
            trial.output(
                "compact gradients",
                Reference.compactEmbeddingGradient(gradient, indices: indices, cotangents: cotangents))
            return trial
        }
    }
}
