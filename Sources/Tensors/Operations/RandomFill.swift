import Compute

extension Tensor {
    /// Uniform random numbers in [low, high).
    public static func uniform(
        _ shape: Shape, low: Float = 0, high: Float = 1, random: RandomPosition, on device: any Device
    ) throws(ComputeError) -> Tensor {
        try drawn(.uniform, shape, scalars: [low, high], random: random, on: device)
    }

    /// Normally distributed random numbers.
    public static func normal(
        _ shape: Shape, mean: Float = 0, deviation: Float = 1, random: RandomPosition, on device: any Device
    ) throws(ComputeError) -> Tensor {
        try drawn(.normal, shape, scalars: [mean, deviation], random: random, on: device)
    }

    private static func drawn(
        _ distribution: RandomFill.Distribution, _ shape: Shape, scalars: [Float], random: RandomPosition,
        on device: any Device
    ) throws(ComputeError) -> Tensor {
        let result = try Tensor(uninitialized: shape, on: device)
        try device.encode(
            .randomFill(RandomFill(distribution, count: shape.count)), [result.storage], scalars: scalars,
            random: random)
        return result
    }
}
