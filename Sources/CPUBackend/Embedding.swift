import CPUKernels
import Compute

extension CPUDevice {
    func run(_ embedding: Embedding, _ arguments: inout Arguments) {
        let (vocabulary, width) = (embedding.vocabulary, embedding.width)
        let table = arguments.floats(vocabulary * width)
        let indices = arguments.integers(embedding.count)
        let result = arguments.floats(embedding.count * width)
        workers.rows(embedding.count, columns: width) { places in
            concord_embedding(
                table, vocabulary, width, indices + places.lowerBound, places.count,
                result + places.lowerBound * width)
        }
    }

    /// Every part owns some rows of one task's gradient and looks at all indices for theirs.
    func run(_ gradient: EmbeddingGradient, _ arguments: inout Arguments) {
        let (vocabulary, width, count) = (gradient.vocabulary, gradient.width, gradient.count)
        let indices = arguments.integers(count)
        let cotangents = arguments.floats(gradient.tasks * count * width)
        let gradients = arguments.floats(gradient.tasks * vocabulary * width)
        let parts = (count + vocabulary) * width < Workers.elementGrain ? 1 : min(EmbeddingGradient.parts, vocabulary)
        let rows = (vocabulary + parts - 1) / parts
        workers.run(parts: gradient.tasks * parts) { part, _ in
            let (task, position) = part.quotientAndRemainder(dividingBy: parts)
            concord_embedding_gradient(
                indices, cotangents + task * count * width, count, width, min(position * rows, vocabulary),
                min((position + 1) * rows, vocabulary), gradients + task * vocabulary * width)
        }
    }

    func run(_ gradient: CompactEmbeddingGradient, _ arguments: inout Arguments) {
        let (width, count) = (gradient.width, gradient.count)
        let indices = arguments.integers(count)
        let cotangents = arguments.floats(gradient.tasks * count * width)
        let gradients = arguments.floats(gradient.tasks * count * width)
        var known: [Int32: Int32] = [:]
        let firsts = (0..<count).map { place -> Int32 in
            let index = indices[place]
            guard index >= 0, index < gradient.vocabulary else { return -1 }
            if let first = known[index] { return first }
            known[index] = Int32(place)
            return Int32(place)
        }
        workers.run(parts: gradient.tasks) { task, _ in
            let offset = task * count * width
            concord_compact_embedding_gradient(firsts, cotangents + offset, count, width, gradients + offset)
        }
    }
}

extension EmbeddingGradient {
    /// Into how many parts a table is cut: reading the indices so often still costs less than the sums.
    fileprivate static let parts = 4
}
