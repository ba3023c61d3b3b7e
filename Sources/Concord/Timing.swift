import Compute

/// How long a piece of device work takes.
public struct Timing: Hashable, Sendable, Codable {
    /// Of one run, in seconds.
    public let median: Double
    /// Of one run, in seconds.
    public let minimum: Double
    /// Number of samples; a sample of very short work is a mean over several runs.
    public let samples: Int

    /// A sample is at least so long, so that waiting for the device does not count as work.
    private static let shortestSample = 2e-3

    /// Times work on a device.
    ///
    /// - Parameters:
    ///   - warmUps: runs that are not timed: the first ones compile kernels and fill caches.
    ///   - minimumSamples: how many samples are taken at least.
    ///   - seconds: sampling goes on until so much time has passed.
    ///   - waits: whether the device must be done when the clock is read; without it, encoding alone is timed.
    ///   - work: encodes the work; waiting for it is done here.
    public init(
        on device: any Device, warmUps: Int = 3, minimumSamples: Int = 10, seconds: Double = 0.5, waits: Bool = true,
        work: () throws -> Void
    ) throws {
        func time(runs: Int) throws -> Double {
            try device.synchronize()
            let start = ContinuousClock.now
            for _ in 0..<runs { try work() }
            if waits { try device.synchronize() }
            return (ContinuousClock.now - start) / .seconds(1)
        }
        for _ in 0..<max(warmUps, 1) { try work() }
        let single = try time(runs: 1)
        let runs = max(1, Int((Timing.shortestSample / max(single, 1e-7)).rounded(.up)))
        var samples: [Double] = []
        var total = 0.0
        while samples.count < minimumSamples || total < seconds {
            let elapsed = try time(runs: runs)
            samples.append(elapsed / Double(runs))
            total += elapsed
        }
        samples.sort()
        let middle = samples.count / 2
        median = samples.count.isMultiple(of: 2) ? (samples[middle - 1] + samples[middle]) / 2 : samples[middle]
        minimum = samples[0]
        self.samples = samples.count
    }
}
