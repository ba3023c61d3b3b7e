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
    ///   - work: encodes the work; waiting for it is done here.
    public init(
        on device: any Device, warmUps: Int = 3, minimumSamples: Int = 10, seconds: Double = 0.5, work: () throws -> Void
    ) throws {
        for _ in 0..<max(warmUps, 1) { try work() }
        let single = try Timing.seconds(of: 1, on: device, work)
        let runs = max(1, Int((Timing.shortestSample / max(single, 1e-7)).rounded(.up)))
        var samples: [Double] = []
        var total = 0.0
        while samples.count < minimumSamples || total < seconds {
            let elapsed = try Timing.seconds(of: runs, on: device, work)
            samples.append(elapsed / Double(runs))
            total += elapsed
        }
        samples.sort()
        let middle = samples.count / 2
        median = samples.count.isMultiple(of: 2) ? (samples[middle - 1] + samples[middle]) / 2 : samples[middle]
        minimum = samples[0]
        self.samples = samples.count
    }

    private static func seconds(of runs: Int, on device: any Device, _ work: () throws -> Void) throws -> Double {
        try device.synchronize()
        let clock = ContinuousClock()
        let start = clock.now
        for _ in 0..<runs { try work() }
        try device.synchronize()
        return (clock.now - start) / .seconds(1)
    }
}
