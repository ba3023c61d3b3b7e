import ArgumentParser
import CPUBackend
import Concord
import Foundation
import Tuner

struct TuneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune", abstract: "Measures and stores kernel parameters for a device.",
        discussion: """
            Every candidate must compute exactly what the CPU computes, and write nowhere else. What is shipped stays \
            unless something else is clearly faster. From then on the device runs with what was found; to go back, delete \
            the file. The environment variable CONCORD_TUNING names another folder for it.
            """)

    @Option(help: ArgumentHelp("The OpenCL device to tune: opencl or opencl:N.", valueName: "device"))
    var device = "opencl"

    @Option(help: ArgumentHelp("How long to search, at most.", valueName: "seconds"))
    var seconds = 120.0

    @Flag(help: "Print one JSON object at the end.")
    var json = false

    private struct Report: Encodable {
        let device: String
        let name: String
        let driver: String
        let file: String
        let parameters: TuningParameters
        let decisions: [Tuner.Decision]
        let measurements: Int
        let failures: [TuningFile.Failure]
    }

    func validate() throws {
        guard seconds > 0 && seconds.isFinite else {
            throw ValidationError("A time of \(seconds) seconds; expected a positive one.")
        }
    }

    func run() throws {
        // Opened as shipped: what was tuned before is not the standard that candidates are compared with.
        guard let device = try Devices.openShipped(device) else {
            throw CommandError("\(device): has no kernel parameters; tune an OpenCL device: opencl or opencl:N")
        }
        let information = device.information
        let store = TuningStore.user()
        let reporter = TuningReporter(isQuiet: json)
        reporter.begin(information, seconds: seconds)
        var decisions: [Tuner.Decision] = []
        let file = try store.tune(device, reference: CPUDevice(), settings: Tuner.Settings(budget: seconds)) { event in
            if case .decided(let decision) = event { decisions.append(decision) }
            reporter.report(event)
        }
        let path = store.path(for: information)
        if json {
            try JSONOutput.print(
                Report(
                    device: information.identifier, name: information.name, driver: information.driver, file: path,
                    parameters: file.parameters, decisions: decisions, measurements: file.measurements.count,
                    failures: file.failures))
        } else {
            print("parameters and measurements: \(path)")
        }
    }
}
