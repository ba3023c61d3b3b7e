import Compute

extension Reference {
    /// - Parameter c: what C holds before, for a product that accumulates.
    static func maskedGEMM(_ product: MaskedGEMM, a: [Float], b: [Float], c: [Float]?) -> [Estimate] {
        gemm(product.dense, a: a, b: b, bias: nil, c: c)
    }
}
