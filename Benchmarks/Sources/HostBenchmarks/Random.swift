import Concord

/// Random numbers and orders that the host draws.
func randomBenchmarks() throws -> [HostBenchmark] {
    var generator = Philox(seed: 0, stream: "benchmarks")
    let (words, samples) = (1 << 16, 60_000)
    return [
        HostBenchmark(operation: "philox", shape: "\(words) words of 64 bits", byteCount: 8 * words) {
            var sum: UInt64 = 0
            for _ in 0..<words { sum ^= generator.next() }
            if sum == 0 { throw UnlikelySum() }
        },
        HostBenchmark(operation: "permutation", shape: "\(samples) samples") {
            _ = generator.permutation(of: samples)
        },
    ]
}

/// A result that is looked at cannot be optimised away.
private struct UnlikelySum: Error {}
