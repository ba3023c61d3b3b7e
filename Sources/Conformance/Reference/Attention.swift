import Compute
import Foundation

extension Reference {
    struct AttentionResult {
        /// Nil where nothing is written.
        var result: [Estimate?]
        var normalizers: [Estimate?]
    }

    /// Where the elements of one head of one sample lie.
    private struct Head {
        let attention: Attention
        let sample: Int
        let head: Int
        let firstRow: Int
        /// Of this sample's sequence.
        let length: Int
        let mask: [Int32]?

        func index(_ place: Int, _ element: Int) -> Int {
            ((firstRow + place) * attention.heads + head) * attention.width + element
        }

        func sees(_ query: Int, _ key: Int) -> Bool {
            (mask.map { $0[sample * attention.length + key] != 0 } ?? true) && (!attention.causal || key <= query)
        }
    }

    /// - Parameter layout: the mask or the starts.
    private static func heads(_ attention: Attention, _ layout: [Int32]?) -> [Head] {
        (0..<attention.samples).flatMap { sample in
            let starts = attention.layout == .packed ? layout : nil
            let first = starts.map { Int($0[sample]) } ?? sample * attention.length
            return (0..<attention.heads).map {
                Head(
                    attention: attention, sample: sample, head: $0, firstRow: first,
                    length: starts.map { Int($0[sample + 1]) - first } ?? attention.length,
                    mask: attention.layout == .masked ? layout : nil)
            }
        }
    }

    private static func scores(
        _ head: Head, _ query: Int, queries: [Float], keys: [Float], scale: Float
    ) -> [Estimate] {
        (0..<head.length).map { key in
            var sum = Sum()
            for d in 0..<head.attention.width { sum.add(queries[head.index(query, d)], times: keys[head.index(key, d)]) }
            return sum.total(.sequence) * Estimate(scale)
        }
    }

    static func attention(
        _ attention: Attention, queries: [Float], keys: [Float], values: [Float], layout: [Int32]?, scale: Float
    ) -> AttentionResult {
        var result = AttentionResult(
            result: Array(repeating: nil, count: attention.count),
            normalizers: Array(repeating: nil, count: attention.samples * attention.heads * attention.length))
        for (matrix, head) in heads(attention, layout).enumerated() {
            for query in 0..<head.length {
                let all = scores(head, query, queries: queries, keys: keys, scale: scale)
                let seen = (0..<head.length).filter { head.sees(query, $0) }
                guard let first = seen.first else {
                    for d in 0..<attention.width { result.result[head.index(query, d)] = 0 }
                    result.normalizers[matrix * attention.length + query] = Estimate(Double.infinity)
                    continue
                }
                let maximum = seen.reduce(all[first]) { Estimate.maximum($0, all[$1]) }
                let powers = seen.map { Estimate.exp(all[$0] - maximum) }
                let sum = powers.inSequence()
                result.normalizers[matrix * attention.length + query] = maximum + Estimate.log(sum)
                for d in 0..<attention.width {
                    let terms = zip(seen, powers).map { $1 * Estimate(values[head.index($0, d)]) }
                    result.result[head.index(query, d)] = terms.inSequence() / sum
                }
            }
        }
        return result
    }

    struct AttentionGradients {
        /// Nil where nothing is written.
        var queries: [Estimate?] = []
        var keys: [Estimate?] = []
        var values: [Estimate?] = []
    }

    /// - Parameters:
    ///   - result: of the forward pass, as it was saved.
    ///   - normalizers: likewise.
    static func attentionGradient(
        _ gradient: AttentionGradient, queries: [Float], keys: [Float], values: [Float], layout: [Int32]?,
        result: [Float], normalizers: [Float], deltas: [Float], scale: Float
    ) -> AttentionGradients {
        let attention = gradient.attention
        let width = attention.width
        var gradients = AttentionGradients()
        for task in 0..<gradient.tasks {
            let offset = task * attention.count
            var own = AttentionGradients(
                queries: Array(repeating: nil, count: attention.count),
                keys: Array(repeating: nil, count: attention.count),
                values: Array(repeating: nil, count: attention.count))
            for (matrix, head) in heads(attention, layout).enumerated() {
                let length = head.length
                // By query and key.
                var weights = [[Estimate]](repeating: Array(repeating: 0, count: length), count: length)
                var slopes = weights
                for query in 0..<length {
                    let scores = scores(head, query, queries: queries, keys: keys, scale: scale)
                    let normalizer = Estimate(normalizers[matrix * attention.length + query])
                    var product = Sum()
                    for d in 0..<width {
                        product.add(deltas[offset + head.index(query, d)], times: result[head.index(query, d)])
                    }
                    for key in 0..<length where head.sees(query, key) {
                        var slope = Sum()
                        for d in 0..<width {
                            slope.add(deltas[offset + head.index(query, d)], times: values[head.index(key, d)])
                        }
                        weights[query][key] = Estimate.exp(scores[key] - normalizer)
                        slopes[query][key] =
                            weights[query][key] * (slope.total(.sequence) - product.total(.sequence)) * Estimate(scale)
                    }
                }
                for place in 0..<length {
                    for d in 0..<width {
                        let index = head.index(place, d)
                        own.queries[index] =
                            (0..<length).map { slopes[place][$0] * Estimate(keys[head.index($0, d)]) }.inSequence()
                        own.keys[index] =
                            (0..<length).map { slopes[$0][place] * Estimate(queries[head.index($0, d)]) }.inSequence()
                        own.values[index] =
                            (0..<length).map { weights[$0][place] * Estimate(deltas[offset + head.index($0, d)]) }
                            .inSequence()
                    }
                }
            }
            gradients.queries += own.queries
            gradients.keys += own.keys
            gradients.values += own.values
        }
        return gradients
    }
}
