import Compute
import Tensors

/// What a device achieves on large, simple work: the yardstick for everything else that it runs.
public struct Calibration: Hashable, Sendable, Codable {
    /// 10⁹ arithmetic operations a second in a matrix product.
    public let gflops: Double
    /// 10⁹ bytes a second, read and written, in a copy between tensors that no cache holds.
    public let gigabytesPerSecond: Double

    public init(gflops: Double, gigabytesPerSecond: Double) {
        self.gflops = gflops
        self.gigabytesPerSecond = gigabytesPerSecond
    }

    /// Work that is done sooner is too small to keep the device busy.
    private static let busySeconds = 2e-3
    /// Whatever else the machine does makes a rate smaller and never larger, so the best of several counts.
    private static let rounds = 3

    /// Measures a device in about a second; the first time, a driver may need longer to compile kernels.
    public init(measuring device: any Device) throws {
        var (gflops, gigabytesPerSecond) = (0.0, 0.0)
        for _ in 0..<Calibration.rounds {
            let arithmetic = try Calibration.fastest([512, 1024, 4096]) { size in
                try Calibration.gflops(of: size, on: device)
            }
            let memory = try Calibration.fastest([1 << 24, 1 << 27]) { count in
                let limit = min(device.information.memoryBytes / 4, 2 * device.information.maximumBufferBytes)
                guard 8 * count <= limit else { return nil }
                return try Calibration.gigabytesPerSecond(of: count, on: device)
            }
            gflops = max(gflops, arithmetic)
            gigabytesPerSecond = max(gigabytesPerSecond, memory)
        }
        self.init(gflops: gflops, gigabytesPerSecond: gigabytesPerSecond)
    }

    /// The shortest time that work can take at these rates: that of its arithmetic or of its memory, whichever is longer.
    public func seconds(for work: any PrimitiveDescription) -> Double {
        max(Double(work.floatingPointOperations) / gflops, Double(work.bytesMoved) / gigabytesPerSecond) * 1e-9
    }

    /// Goes on to larger sizes while the work is too short, and keeps the best rate.
    private static func fastest(
        _ sizes: [Int], measure: (Int) throws -> (rate: Double, seconds: Double)?
    ) throws -> Double {
        var best = 0.0
        for size in sizes {
            guard let (rate, seconds) = try measure(size) else { break }
            best = max(best, rate)
            if seconds > busySeconds { break }
        }
        return best
    }

    private static func gflops(of size: Int, on device: any Device) throws -> (rate: Double, seconds: Double) {
        let factors = try Tensor(uninitialized: [2, size, size], on: device)
        try device.encode(
            .randomFill(RandomFill(.uniform, count: factors.count)), [factors.storage], scalars: [-1, 1],
            random: RandomPosition(seed: 0, stream: 0))
        let result = try Tensor(uninitialized: [size, size], on: device)
        let product = GEMM(rows: size, columns: size, inner: size)
        let timing = try timing(on: device) {
            try device.encode(
                .gemm(product), [factors.storage, factors.storage.advanced(by: size * size), result.storage])
        }
        return (Double(product.floatingPointOperations) / timing.minimum / 1e9, timing.minimum)
    }

    private static func gigabytesPerSecond(of count: Int, on device: any Device) throws -> (rate: Double, seconds: Double) {
        let source = try Tensor.filled(with: 0, [count], on: device)
        let destination = try Tensor.filled(with: 0, [count], on: device)
        let copy = StridedCopy(extents: [count], sourceStrides: [1], destinationStrides: [1])
        let timing = try timing(on: device) {
            try device.encode(.stridedCopy(copy), [source.storage, destination.storage])
        }
        return (Double(copy.bytesMoved) / timing.minimum / 1e9, timing.minimum)
    }

    private static func timing(on device: any Device, _ work: () throws -> Void) throws -> Timing {
        try Timing(on: device, warmUps: 1, minimumSamples: 3, seconds: 0.06, work: work)
    }
}
