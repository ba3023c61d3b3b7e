import Compute
import Tensors

/// How far apart the features of two domains lie: what is minimised where features are to be the same for both.
///
/// Features are `[samples, features]`, domains `[samples, 1]`, 0 for the source and 1 for the target. Where a batch
/// lacks one of them, the discrepancy is 0.
public enum DomainDiscrepancy: Hashable, Sendable {
    /// Deep CORAL: ‖Cₛ - Cₜ‖² / 4d², the squared Frobenius distance of the covariance matrices of d features.
    ///
    /// Source: Sun, Saenko, "Deep CORAL: Correlation Alignment for Deep Domain Adaptation", ECCV 2016 workshops,
    /// equations 1 to 3.
    case correlation
    /// The squared maximum mean discrepancy (biased estimate) for the mean of Gaussian kernels exp(-‖x - y‖² / bᵢ).
    case gaussianKernels(GaussianKernels = GaussianKernels())

    /// A family of kernels around one bandwidth.
    ///
    /// Source: Long et al., "Learning Transferable Features with Deep Adaptation Networks", ICML 2015; the family and the
    /// rule for the bandwidth are those of the authors' code.
    public struct GaussianKernels: Hashable, Sendable {
        public var count: Int
        /// From one bandwidth to the next.
        public var ratio: Float
        /// The bandwidth in the middle; nil takes the mean squared distance of the samples of each batch, as a constant.
        public var bandwidth: Float?

        public init(count: Int = 5, ratio: Float = 2, bandwidth: Float? = nil) {
            self.count = count
            self.ratio = ratio
            self.bandwidth = bandwidth
        }
    }

    /// - Parameter mask: a weight per sample, 0 where it does not count; nil counts all.
    public func callAsFunction(_ features: Tensor, domains: Tensor, mask: Tensor?) throws(ComputeError) -> Tensor {
        precondition(
            features.shape.rank == 2 && domains.count == features.shape[0],
            "discrepancy of features \(features.shape) in domains \(domains.shape)")
        let members = try DomainMembers(domains: domains.detached, mask: mask?.detached)
        let value =
            switch self {
            case .correlation: try members.correlationDistance(features)
            case .gaussianKernels(let kernels): try members.meanDiscrepancy(features, kernels)
            }
        return try value * members.presence
    }
}

/// Which samples of a batch belong to which domain.
private struct DomainMembers {
    /// `[samples, 1]`, 1 (or the mask) for members.
    let source: Tensor
    let target: Tensor
    /// Scalars.
    let sourceCount: Tensor
    let targetCount: Tensor

    init(domains: Tensor, mask: Tensor?) throws(ComputeError) {
        let count = domains.count
        let weights =
            if let mask { mask.reshaped([count, 1]) } else {
                try Tensor.filled(with: 1, [count, 1], on: domains.device)
            }
        target = try domains.reshaped([count, 1]) * weights
        source = try weights - target
        sourceCount = try source.sum()
        targetCount = try target.sum()
    }

    /// 1 where both domains have members, else 0.
    var presence: Tensor {
        get throws(ComputeError) {
            try sourceCount.minimum(targetCount).clamped(to: 0...1).greater(
                than: Tensor.filled(with: 0, .scalar, on: sourceCount.device))
        }
    }

    /// A divisor that is never 0.
    private func divisor(_ count: Tensor, minus: Float = 0) throws(ComputeError) -> Tensor {
        try (count + -minus).maximum(Tensor.filled(with: 1, .scalar, on: count.device))
    }

    func correlationDistance(_ features: Tensor) throws(ComputeError) -> Tensor {
        let width = features.shape[1]
        // Both domains are centred in one go, so that one product gives the difference of their covariances.
        let sides = try Tensor.concatenate([source, target], axis: 1)
        let counts = try Tensor.concatenate([divisor(sourceCount).reshaped([1]), divisor(targetCount).reshaped([1])], axis: 0)
        let means = try (sides / counts).matmul(features, transposeSelf: true)
        let centred = try features - sides.matmul(means)
        let factors = try source / divisor(sourceCount, minus: 1) - target / divisor(targetCount, minus: 1)
        let difference = try centred.matmul(centred * factors, transposeSelf: true)
        return try difference.sumOfSquares().affine(scale: 1 / (4 * Float(width) * Float(width)))
    }

    func meanDiscrepancy(
        _ features: Tensor, _ kernels: DomainDiscrepancy.GaussianKernels
    ) throws(ComputeError) -> Tensor {
        let count = features.shape[0]
        let squares = try features.sumOfSquares(axes: [1], keepsAxes: true)
        let products = try features.matmul(features, transposeOther: true)
        let distances = try (squares + squares.reshaped([1, count]) - products.affine(scale: 2)).relu()
        // aᵀKa with a = 1/nₛ for the source and -1/nₜ for the target is the difference of the means, squared.
        let signs = try source / divisor(sourceCount) - target / divisor(targetCount)
        let middle =
            if let bandwidth = kernels.bandwidth {
                try Tensor.filled(with: bandwidth, .scalar, on: features.device)
            } else {
                try meanDistance(distances.detached)
            }
        var sum: Tensor?
        for position in 0..<kernels.count {
            var factor: Float = 1
            for _ in 0..<abs(position - kernels.count / 2) { factor *= kernels.ratio }
            if position < kernels.count / 2 { factor = 1 / factor }
            let kernel = try (distances / middle.affine(scale: -factor)).exp()
            sum = if let sum { try sum + kernel } else { kernel }
        }
        guard let sum else { return try Tensor.filled(with: 0, .scalar, on: features.device) }
        let mean = try signs.matmul(sum.matmul(signs), transposeSelf: true)
        return try mean.sum().affine(scale: 1 / Float(kernels.count))
    }

    /// Over all pairs of different samples that count.
    private func meanDistance(_ distances: Tensor) throws(ComputeError) -> Tensor {
        let weights = try source + target
        let total = try weights.matmul(distances.matmul(weights), transposeSelf: true).sum()
        let members = try sourceCount + targetCount
        let pairs = try divisor(members.squared() - members)
        // Equal samples have no distance; any bandwidth does then.
        return try (total / pairs).maximum(Tensor.filled(with: 1e-12, .scalar, on: distances.device))
    }
}
