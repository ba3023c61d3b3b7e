import CPUKernels
import Compute

/// Samples and heads are independent of each other: every part is one head of one sample, and its scores stay in a
/// cache. Queries, keys and values of a head are matrices whose rows are `stride` apart.
extension CPUDevice {
    func run(_ attention: Attention, _ arguments: inout Arguments) throws(ComputeError) {
        let (longest, width, stride) = (attention.length, attention.width, attention.stride)
        let queries = arguments.floats(attention.count)
        let keys = arguments.floats(attention.count)
        let values = arguments.floats(attention.count)
        let sequences = attention.sequences(&arguments)
        let result = arguments.floats(attention.count)
        let normalizers = arguments.floats(attention.matrices * longest)
        let scale = arguments.scalar()
        let scratch = try scratch(count: workers.count * longest * longest)
        workers.run(parts: attention.matrices) { part, worker in
            let (length, offset, mask) = sequences.place(of: part)
            let scores = scratch.floats + worker * longest * longest
            multiply(queries + offset, keys + offset, length, attention, into: scores)
            concord_attention_weights(
                scores, length, mask, attention.causal ? 1 : 0, scale,
                normalizers + part * longest)
            concord_gemm_by_rows(
                length, width, length, scores, length, 1, values + offset, stride, result + offset, stride, 0)
        }
        withExtendedLifetime(scratch) {}
    }

    func run(_ gradient: AttentionGradient, _ arguments: inout Arguments) throws(ComputeError) {
        let attention = gradient.attention
        let (longest, width, stride, count) = (attention.length, attention.width, attention.stride, attention.count)
        let queries = arguments.floats(count)
        let keys = arguments.floats(count)
        let values = arguments.floats(count)
        let sequences = attention.sequences(&arguments)
        let result = arguments.floats(count)
        let normalizers = arguments.floats(attention.matrices * longest)
        let deltas = arguments.floats(gradient.tasks * count)
        let queryGradients = arguments.floats(gradient.tasks * count)
        let keyGradients = arguments.floats(gradient.tasks * count)
        let valueGradients = arguments.floats(gradient.tasks * count)
        let scale = arguments.scalar()
        let scratch = try scratch(count: workers.count * 2 * longest * longest)
        workers.run(parts: attention.matrices) { part, worker in
            let (length, offset, mask) = sequences.place(of: part)
            let weights = scratch.floats + worker * 2 * longest * longest
            let scores = weights + longest * longest
            multiply(queries + offset, keys + offset, length, attention, into: weights)
            concord_attention_weights_again(
                weights, length, mask, attention.causal ? 1 : 0, scale,
                normalizers + part * longest)
            for task in 0..<gradient.tasks {
                let own = task * count + offset
                multiply(deltas + own, values + offset, length, attention, into: scores)
                concord_attention_score_gradient(
                    weights, result + offset, deltas + own, length, width, stride, scale, scores)
                concord_gemm_by_rows(
                    length, width, length, scores, length, 1, keys + offset, stride, queryGradients + own, stride, 0)
                concord_gemm_by_rows(
                    length, width, length, scores, 1, length, queries + offset, stride, keyGradients + own, stride, 0)
                concord_gemm_by_rows(
                    length, width, length, weights, 1, length, deltas + own, stride, valueGradients + own, stride, 0)
            }
        }
        withExtendedLifetime(scratch) {}
    }

    /// The inner products of all rows with all rows.
    private func multiply(
        _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ length: Int, _ attention: Attention,
        into scores: UnsafeMutablePointer<Float>
    ) {
        concord_gemm_by_dots(
            length, length, attention.width, left, attention.stride, right, attention.stride, scores, length, 0)
    }
}

extension Attention {
    /// Heads of all samples.
    fileprivate var matrices: Int { samples * heads }
    /// Elements from one place of a sequence to the next.
    fileprivate var stride: Int { heads * width }

    /// The operand that says how the sequences lie.
    fileprivate func sequences(_ arguments: inout Arguments) -> Sequences {
        switch layout {
        case .uniform: Sequences(attention: self, mask: nil, starts: nil)
        case .masked: Sequences(attention: self, mask: arguments.integers(samples * length), starts: nil)
        case .packed: Sequences(attention: self, mask: nil, starts: arguments.integers(samples + 1))
        }
    }
}

/// How the sequences of samples lie.
private struct Sequences {
    let attention: Attention
    let mask: UnsafeMutablePointer<Int32>?
    let starts: UnsafeMutablePointer<Int32>?

    /// The length of the sequence that a head's matrix belongs to, where it begins, and its mask.
    func place(of matrix: Int) -> (length: Int, offset: Int, mask: UnsafeMutablePointer<Int32>?) {
        let (sample, head) = matrix.quotientAndRemainder(dividingBy: attention.heads)
        let first = starts.map { Int($0[sample]) } ?? sample * attention.length
        return (
            starts.map { min(Int($0[sample + 1]) - first, attention.length) } ?? attention.length,
            first * attention.stride + head * attention.width, mask.map { $0 + sample * attention.length }
        )
    }
}
