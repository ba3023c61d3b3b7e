import Compute

extension Tensor {
    /// A tensor whose elements are all the same.
    public static func filled(with value: Float, _ shape: Shape, on device: any Device) throws(ComputeError) -> Tensor {
        let result = try Tensor(uninitialized: shape, on: device)
        try device.encode(.fill(Fill(count: shape.count)), [result.storage], scalars: [value])
        return result
    }
}
