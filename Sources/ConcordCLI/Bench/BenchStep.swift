import ArgumentParser
import Concord
import Foundation

extension StandardWorkload: ExpressibleByArgument {}

struct BenchStep: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step",
        abstract: "Measures training steps of a standard workload: forward, backward, weighting and update.")

    @Option(help: "What to train. Default: all of them, one after another.")
    var workload: StandardWorkload?

    @Option(help: "How the tasks' gradients become one: \(Method.names.joined(separator: ", ")).")
    var method = "ew"

    @Option(name: .customLong("set"), help: "A parameter of the method as key=value.")
    var settings: [String] = []

    @Option(help: "Samples per step. Default: the workload's own.")
    var batch: Int?

    @Option(help: "Heads on the trunk. Default: the workload's own.")
    var tasks: Int?

    @Flag(help: "Measure predictions for a batch instead of training steps.")
    var inference = false

    @Flag(help: "Print where the time of one step goes, per primitive, instead.")
    var profile = false

    @OptionGroup var options: BenchOptions

    private static let batches = 1...16384
    private static let taskCounts = 1...1024
    /// Sampling goes on for so long.
    private static let seconds = 2.0

    private struct Result: Encodable {
        let workload: String
        let method: String
        let device: String
        let tasks: Int
        let parameters: Int
        let batch: Int
        /// Median and minimum of one step.
        let milliseconds: Double
        let minimum: Double
        /// The largest sum of the device's buffers during the steps.
        let peakBytes: Int
        /// Kernels started in one step.
        let launches: Int
        /// Steps that were timed.
        let steps: Int
    }

    func validate() throws {
        if let batch, !BenchStep.batches.contains(batch) {
            throw ValidationError("A batch of \(batch); expected one in \(BenchStep.batches).")
        }
        if let tasks, !BenchStep.taskCounts.contains(tasks) {
            throw ValidationError("\(tasks) tasks; expected a number in \(BenchStep.taskCounts).")
        }
    }

    func run() throws {
        let device = try DeviceChoice(request: options.device).device
        let method = try MethodSettings(settings).method(named: method)
        for workload in workload.map({ [$0] }) ?? StandardWorkload.allCases {
            let prepared = try workload.prepare(on: device, method: method, batch: batch, tasks: tasks)
            try run(prepared)
            if profile {
                try StepProfile(of: prepared, on: device, run).print(
                    workload: workload, method: self.method, asJSON: options.json)
            } else {
                let result = try measure(prepared, workload, on: device)
                if options.json { try JSONOutput.print(result) } else { print(BenchStep.text(of: result)) }
            }
        }
    }

    private func run(_ prepared: PreparedWorkload) throws {
        if inference { try prepared.predict() } else { try prepared.takeStep() }
    }

    private func measure(
        _ prepared: PreparedWorkload, _ workload: StandardWorkload, on device: any Device
    ) throws -> Result {
        device.pool.resetPeak()
        let launchesBefore = device.launches
        try run(prepared)
        let launches = device.launches - launchesBefore
        let timing = try Timing(on: device, warmUps: 2, minimumSamples: 3, seconds: BenchStep.seconds) {
            try run(prepared)
        }
        return Result(
            workload: workload.rawValue, method: method, device: device.information.identifier,
            tasks: prepared.step.tasks.count, parameters: prepared.step.arena.parameterCount,
            batch: prepared.batch.count, milliseconds: timing.median * 1e3, minimum: timing.minimum * 1e3,
            peakBytes: device.pool.statistics.peakBytes, launches: launches, steps: timing.samples)
    }

    private static func text(of result: Result) -> String {
        """
        \(result.workload) with \(result.tasks) tasks, \(result.parameters) parameters, batch \(result.batch), \
        \(result.method) on \(result.device):
        \(String(format: "%.2f", result.milliseconds)) ms a step (minimum \(String(format: "%.2f", result.minimum)), \
        \(result.steps) steps), \(result.launches) launches, at most \(Quantity.bytes(result.peakBytes))
        """
    }
}
