import Compute

extension Reference {
    /// The products of a batch, densely one behind the other.
    ///
    /// - Parameter c: what C holds before, for a product that accumulates; with the batch's stride.
    static func gemm(_ gemm: GEMM, a: [Float], b: [Float], bias: [Float]?, c: [Float]?) -> [Estimate] {
        var result: [Estimate] = []
        for item in 0..<gemm.batch {
            for row in 0..<gemm.rows {
                for column in 0..<gemm.columns {
                    var sum = Sum()
                    for k in 0..<gemm.inner {
                        let left = gemm.transposeA ? k * gemm.rows + row : row * gemm.inner + k
                        let right = gemm.transposeB ? column * gemm.inner + k : k * gemm.columns + column
                        sum.add(a[item * gemm.strideA + left], times: b[item * gemm.strideB + right])
                    }
                    if let bias { sum.add(Estimate(bias[column])) }
                    if let c { sum.add(Estimate(c[item * gemm.strideC + row * gemm.columns + column])) }
                    result.append(activation(gemm.activation, sum.total(.sequence)))
                }
            }
        }
        return result
    }
}
