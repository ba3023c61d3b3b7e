import CPUBackend
import Compute
import Foundation
import OpenCLBackend
import Tuner

/// A device that was chosen, and why.
public struct DeviceChoice {
    public let device: any Device
    /// The device in words and what speaks for it: `opencl:0 (…), the first OpenCL GPU`.
    public let reason: String

    /// What is wrong with the device's tuning file, if anything is.
    public var warning: String? { (device as? OpenCLDevice)?.tuningSource.warning }
}

/// The devices of this machine.
public enum Devices {
    private static let processor = "cpu"
    private static let anyOpenCL = "opencl"
    private static let automatic = "auto"

    /// What can be asked for.
    public static let requests = "auto, cpu, opencl or opencl:N"

    /// The facts of every device: the CPU, then those that OpenCL drivers offer, GPUs first.
    public static func all() -> [DeviceInformation] { [CPUDevice().information] + OpenCLDevice.available() }

    /// Opens a device. An OpenCL device gets the kernel parameters that the user tuned for it, where there are any.
    ///
    /// `auto` takes a GPU if there is one. Without, it measures the CPU and the OpenCL devices that run on one (see
    /// ``Calibration``) and takes the faster.
    ///
    /// - Parameter request: `auto`, `cpu`, `opencl` (the first OpenCL device) or `opencl:N`.
    /// - Throws: ``ComputeError/noDevice(requested:found:hint:)`` where there is no such device.
    public static func choose(_ request: String) throws -> DeviceChoice {
        switch request {
        case automatic: return try chooseAutomatically(calibrate: Calibration.init(measuring:))
        default:
            let device: any Device = request == processor ? CPUDevice() : try openTuned(request)
            return DeviceChoice(device: device, reason: "\(device.information.inWords), as asked for")
        }
    }

    /// Opens the device of an identifier: `cpu` or `opencl:N`.
    public static func open(_ information: DeviceInformation) throws -> any Device {
        information.kind == .cpu ? CPUDevice() : try openTuned(information.identifier)
    }

    /// Opens an OpenCL device with the shipped kernel parameters, whatever was tuned.
    ///
    /// - Parameter request: `opencl` or `opencl:N`.
    /// - Returns: nil for `cpu`, which has no kernel parameters.
    package static func openShipped(_ request: String) throws(ComputeError) -> OpenCLDevice? {
        request == processor ? nil : try openCL(request)
    }

    private static func openTuned(_ request: String) throws(ComputeError) -> OpenCLDevice {
        let device = try openCL(request)
        TuningStore.user().apply(to: device) { CPUDevice() }
        return device
    }

    private static func openCL(_ request: String) throws(ComputeError) -> OpenCLDevice {
        let offered = OpenCLDevice.available()
        let parts = request.split(separator: ":", omittingEmptySubsequences: false)
        let index = parts.count == 1 ? 0 : parts.count == 2 ? Int(parts[1]) : nil
        guard parts[0] == anyOpenCL, let index else {
            throw .noDevice(requested: request, found: describe(all()), hint: "Ask for \(requests).")
        }
        guard offered.indices.contains(index) else {
            throw .noDevice(
                requested: request, found: describe(all()),
                hint: offered.isEmpty
                    ? "No OpenCL driver answers: install the one of your GPU's vendor, or pocl-opencl-icd for the processor; "
                        + "--device cpu needs none."
                    : "Ask for one of these.")
        }
        return try OpenCLDevice(index: index)
    }

    private static func describe(_ devices: [DeviceInformation]) -> [String] {
        devices.map(\.inWords)
    }

    /// - Parameter calibrate: measures a device, or looks up what was measured before.
    public static func chooseAutomatically(calibrate: (any Device) throws -> Calibration) throws -> DeviceChoice {
        let offered = OpenCLDevice.available()
        if let gpu = offered.first(where: { $0.kind == .openCLGPU }) {
            return DeviceChoice(
                device: try open(gpu), reason: "\(gpu.inWords), the first OpenCL GPU")
        }
        let cpu = CPUDevice()
        guard !offered.isEmpty else {
            return DeviceChoice(device: cpu, reason: "\(cpu.information.inWords): no OpenCL driver offers a device")
        }
        let standard = try calibrate(cpu)
        var best: (device: any Device, figures: Calibration, ratio: Double) = (cpu, standard, 1)
        var rival: (identifier: String, figures: Calibration)?
        for information in offered {
            let device = try open(information)
            let figures = try calibrate(device)
            let ratio = figures.ratio(to: standard)
            // Near-ties go to the CPU, so that the choice does not change with the weather.
            if ratio > max(best.ratio, 1.1) {
                rival = (best.device.information.identifier, best.figures)
                best = (device, figures, ratio)
            } else if rival == nil {
                rival = (information.identifier, figures)
            }
        }
        var reason = "\(best.device.information.inWords): \(best.figures.inWords)"
        if let rival { reason += " against \(rival.figures.inWords) on \(rival.identifier)" }
        return DeviceChoice(device: best.device, reason: reason)
    }
}

extension DeviceInformation {
    fileprivate var inWords: String { "\(identifier) (\(name))" }
}

extension Calibration {
    /// How much faster than another device: the geometric mean over arithmetic and memory.
    fileprivate func ratio(to other: Calibration) -> Double {
        (gflops / other.gflops * gigabytesPerSecond / other.gigabytesPerSecond).squareRoot()
    }

    /// `150 GFLOP/s and 11.2 GB/s`
    public var inWords: String {
        "\(String(format: "%.0f", gflops)) GFLOP/s and \(String(format: "%.1f", gigabytesPerSecond)) GB/s"
    }
}
