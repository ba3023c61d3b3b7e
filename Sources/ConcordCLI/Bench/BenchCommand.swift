import ArgumentParser
import Concord
import Foundation

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measures the speed of a device.",
        subcommands: [BenchGEMM.self, BenchConv.self, BenchReduce.self, BenchStep.self])
}

/// The options that all measurements of operations share.
struct BenchOptions: ParsableArguments {
    @Option(help: ArgumentHelp("What to measure: \(Devices.requests).", valueName: "device"))
    var device = "auto"

    @Flag(help: "Print one JSON object per case.")
    var json = false
}

/// One operation of a certain size.
struct BenchCase {
    let operation: String
    /// The sizes, in words.
    let shape: String
    let primitive: Primitive
    /// Elements of every operand.
    let operands: [Int]
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
        /// The rate as a share of what the device achieves in its calibration.
        let peakShare: Double
    }

    static func run(_ cases: [BenchCase], _ options: BenchOptions) throws {
        let device = try Devices.choose(options.device).device
        let peak = try Calibration(measuring: device)
        if !options.json {
            print("\(device.information.identifier) (\(device.information.name)), calibrated to \(peak.inWords)")
        }
        for next in cases {
            let result = try measure(next, on: device, peak: peak)
            if options.json { try JSONOutput.print(result) } else { print(text(of: result)) }
        }
    }

    private static func measure(_ next: BenchCase, on device: any Device, peak: Calibration) throws -> Result {
        var random = RandomPosition(seed: 0, stream: Philox.stream(named: "bench"))
        var operands: [Operand] = []
        for count in next.operands {
            let tensor = try Tensor(uninitialized: [count], on: device)
            try device.encode(
                .randomFill(RandomFill(.uniform, count: count)), [tensor.storage], scalars: [-1, 1], random: random)
            random = random.advanced(by: count)
            operands.append(tensor.storage)
        }
        let timing = try Timing(on: device) { try device.encode(next.primitive, operands) }
        let description = next.primitive.description
        let isArithmetic = description.floatingPointOperations > 0
        let work = isArithmetic ? description.floatingPointOperations : description.bytesMoved
        let rate = Double(work) / timing.median / 1e9
        return Result(
            operation: next.operation, shape: next.shape, device: device.information.identifier,
            milliseconds: timing.median * 1e3, minimum: timing.minimum * 1e3, gflops: isArithmetic ? rate : nil,
            gbps: isArithmetic ? nil : rate,
            peakShare: rate / (isArithmetic ? peak.gflops : peak.gigabytesPerSecond))
    }

    private static func text(of result: Result) -> String {
        let rate = result.gflops.map { String(format: "%8.1f GFLOP/s", $0) }
            ?? result.gbps.map { String(format: "%8.1f GB/s   ", $0) } ?? ""
        return "\(result.operation.padded(to: 22))\(result.shape.padded(to: 44))"
            + String(format: "%10.3f ms (minimum %.3f)", result.milliseconds, result.minimum)
            + "\(rate)  \(Quantity.percent(result.peakShare)) of the calibrated rate"
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
