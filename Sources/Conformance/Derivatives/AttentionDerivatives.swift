import Compute
import Tensors

extension DerivativeCase {
    static let attention: [DerivativeCase] = [false, true].flatMap { causal in
        let order = causal ? "causal" : "all"
        let uniform = Array(repeating: DerivativeInput([2, 5, 6]), count: 3)
        let packed = Array(repeating: DerivativeInput([9, 6]), count: 3)
        return [
            DerivativeCase("Attention", order, uniform) {
                try $0[0].attention(keys: $0[1], values: $0[2], heads: 2, causal: causal)
            },
            DerivativeCase("Attention", "\(order), masked", uniform) {
                let mask = try Tensor([7, 0, 1, 9, 0, 0, 2, 2, 2, 0] as [Int32], shape: [2, 5], on: $0[0].device)
                return try $0[0].attention(keys: $0[1], values: $0[2], heads: 2, layout: .masked(mask), causal: causal)
            },
            DerivativeCase("Attention", "\(order), packed", packed) {
                let starts = try Tensor([0, 3, 4, 9] as [Int32], shape: [4], on: $0[0].device)
                return try $0[0].attention(
                    keys: $0[1], values: $0[2], heads: 2, layout: .packed(starts: starts, longest: 5), causal: causal)
            },
        ]
    }

    static let segmentMean: [DerivativeCase] = [
        DerivativeCase("SegmentMean", "of several lengths, one empty", [DerivativeInput([7, 5])]) {
            try $0[0].segmentMean(starts: Tensor([1, 4, 4, 6] as [Int32], shape: [4], on: $0[0].device))
        }
    ]
}
