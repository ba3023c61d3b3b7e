import Concord
import Foundation

/// One operation of a certain size.
struct BenchCase {
    let operation: String
    /// The sizes, in words.
    let shape: String
    let primitive: Primitive
    let operands: [BenchOperand]
    var scalars: [Float] = []
}

/// What an operand holds before the first run.
enum BenchOperand {
    /// Random numbers from a range.
    case uniform(count: Int, ClosedRange<Float>)
    /// Random labels in `0..<classes`.
    case labels(count: Int, classes: Int)

    /// Random numbers in [-1, 1].
    static func numbers(_ count: Int) -> BenchOperand { .uniform(count: count, -1...1) }

    func tensor(on device: any Device, random: inout RandomPosition) throws -> Tensor {
        switch self {
        case .uniform(let count, let range):
            let tensor = try Tensor(uninitialized: [count], on: device)
            try device.encode(
                .randomFill(RandomFill(.uniform, count: count)), [tensor.storage],
                scalars: [range.lowerBound, range.upperBound], random: random)
            random = random.advanced(by: count)
            return tensor
        case .labels(let count, let classes):
            var generator = Philox(seed: 0, stream: "bench.labels")
            let labels = (0..<count).map { _ in Int32(generator.integer(below: classes)) }
            return try Tensor(labels, shape: [count], on: device)
        }
    }
}

/// Measures operations one by one, and prints each result as soon as it is there.
struct OperationBench {
    /// What a script reads.
    private struct Result: Encodable {
        let operation: String
        let shape: String
        let device: String
        /// Median and minimum of one run.
        let milliseconds: Double
        let minimum: Double
        /// The rate of the median; one of the two.
        var gflops: Double?
        var gbps: Double?
        /// The time that the device needs at its calibrated rates, as a share of the median.
        let peakShare: Double
    }

    static func run(_ cases: [BenchCase], _ options: BenchOptions) throws {
        let device = try DeviceChoice(request: options.device).device
        let peak = try Calibration(measuring: device)
        if !options.json {
            print("\(device.information.identifier) (\(device.information.name)), calibrated to \(peak.inWords)")
        }
        for next in cases {
            let result = try measure(next, on: device, peak: peak)
            if options.json { try JSONOutput.print(result) } else { print(text(of: result)) }
            fflush(nil)
        }
    }

    private static func measure(_ next: BenchCase, on device: any Device, peak: Calibration) throws -> Result {
        var random = RandomPosition(seed: 0, stream: Philox.stream(named: "bench"))
        let tensors = try next.operands.map { try $0.tensor(on: device, random: &random) }
        let operands = tensors.map(\.storage)
        let timing = try Timing(on: device) { try device.encode(next.primitive, operands, scalars: next.scalars) }
        let description = next.primitive.description
        let isArithmetic = description.floatingPointOperations > 0
        let work = isArithmetic ? description.floatingPointOperations : description.bytesMoved
        let rate = Double(work) / timing.median / 1e9
        return Result(
            operation: next.operation, shape: next.shape, device: device.information.identifier,
            milliseconds: timing.median * 1e3, minimum: timing.minimum * 1e3, gflops: isArithmetic ? rate : nil,
            gbps: isArithmetic ? nil : rate, peakShare: peak.seconds(for: description) / timing.median)
    }

    private static func text(of result: Result) -> String {
        let rate = result.gflops.map { String(format: "%8.1f GFLOP/s", $0) }
            ?? result.gbps.map { String(format: "%8.1f GB/s   ", $0) } ?? ""
        return "\(result.operation.padded(to: 28))\(result.shape.padded(to: 40))"
            + String(format: "%10.3f ms (minimum %.3f)", result.milliseconds, result.minimum)
            + "\(rate)  \(Quantity.percent(result.peakShare)) of the calibrated rate"
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
