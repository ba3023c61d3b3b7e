import Concord

/// What one launch costs the host, and what it costs until the device is done with it.
func encodingBenchmarks() throws -> [HostBenchmark] {
    let launches = 100
    return try Devices.all().flatMap { information in
        let device = try Devices.open(information)
        let tensors = try (0..<3).map { _ in try Tensor([0] as [Float], shape: [1], on: device) }
        let operands = tensors.map(\.storage)
        let primitives: [(name: String, primitive: Primitive, scalars: [Float])] = [
            ("fill", .fill(Fill(count: 1)), [0]),
            ("add", .binary(Binary(.add, left: [1], right: [1])), []),
            ("product", .gemm(GEMM(rows: 1, columns: 1, inner: 1)), []),
        ]
        return primitives.flatMap { name, primitive, scalars in
            [false, true].map { waits in
                HostBenchmark(
                    operation: waits ? "launch until done" : "launch",
                    shape: "\(name) of 1 element on \(information.identifier)", repetitions: launches, device: device,
                    waits: waits
                ) {
                    for _ in 0..<launches { try device.encode(primitive, operands, scalars: scalars) }
                }
            }
        }
    }
}
